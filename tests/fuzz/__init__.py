"""Hostile and tired input, much of it: python -m tests.fuzz [--lines N] [--expressions N] [--seconds S] [--seed K].

What a run does, and says at its end that it did:

- command lines (`--lines`): words from a grammar of the real options with values that are right, nearly right or
  absurd, run in this process as `rnnshape.cli.run` runs them. Most end before Keras is needed. For the others Keras
  takes too long to be asked ten thousand times: a stand-in answers in its place, with a canned report or error in which
  the layer of the query stands (with escapes in it, for Keras repeats what users wrote);
- of these lines, `--real` more without the stand-in: the real layers, at tiny sizes or far too large ones;
- texts for the parser of expressions (`--expressions`): valid ones, mutated ones, rubbish; one in eight goes to the
  readers of values, sizes and masks;
- questions (`--seeds`), first those from all over the family of layers, then drawn ones, each with five seeds;
- messages for the worker (`--messages`): bytes that are no request, over a real pair of sockets, and
  for one in ten a status that no worker of ours tells;
- programs, of which a million are read and thousands are run: `python -m tests.fuzz.programs`, see there;
- words that would act (`--acting`), in a process of their own that is listened to: see `acting`;
- documents for `Report.from_dict` (`--reports`): mutated reports, and JSON that is none.

What is held against each: no exception but the documented one gets out, the exit status is one of the contract's, no
traceback, no control character on a stream, with --json nothing but documents that are valid against the schema, an
expression that is printed is read as itself again, no descriptor stays open, and nothing takes long. What is
said of equality is the same for every seed.

The same seed makes the same inputs. What was found is printed as it is found; the exit status is 1 then.
"""
