"""The warm interpreter: the first answer leaves it behind, and the later ones run in it.

`folder` says where a worker's socket lives, `fingerprint` which worker is the right one, `protocol` what is said over
the socket. `client` asks a worker; all four and the entry point import next to nothing, for a warm answer is mostly the
start of an interpreter. `start` is how the first client leaves a worker behind. `server` is the worker itself: it has
`spares` forked, each of which (`child`) serves a client, whom it hears on `lines`, and where only Keras's own layers
have run is put back as it was (`again`), to serve another. `program` is what they run: the command line, which none of
this knows. `watching` tells of files that change, `forgetting` has the system show nothing of the first client; `admin`
tells about a worker and ends it.
"""
