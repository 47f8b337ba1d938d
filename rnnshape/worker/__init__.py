"""The warm interpreter: the first answer leaves it behind, and the later ones run in it.

`place` says where a worker's socket lives and which worker is the right one, `wire` what is said over it. `client` asks
a worker; both and the entry point import next to nothing, for a warm answer is mostly the start of an interpreter.
`server` is the worker itself: it forks the `spare`s, each of which serves one client. `program` is what they run,
`control` tells about a worker and ends it.
"""
