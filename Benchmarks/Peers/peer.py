"""One of Wengert's peers, run beside it by `bench peers`.

    python peer.py torch|jax|autograd|numpy THREADS

Reads one command per line from standard input, and answers each with one line on standard output, both JSON:

    {"do": "prepare", "program": …, "scalar": "double", "parameters": {…}, "arrays": [{"file": …, "shape": […]}, …],
     "results": DIRECTORY}
                      → {"results": [{"file": …, "shape": […]}, …]}: runs the program once
    {"do": "time", "count": N, "clock": "wall" or "processor"}  → {"nanoseconds": …}: of N runs
    {"do": "memory", "count": N} → {"bytes": …}: what N runs add to the process's memory at most
    {"do": "forget"}  → {}

An answer may be {"error": …} instead. Arrays lie in files, row by row, in the machine's byte order. Between commands
the process is blocked reading, so that it takes nothing from what is being timed meanwhile.
"""
import ctypes
import gc
import importlib
import json
import os
import sys
import time
import warnings

MODULES = {"torch": "torch_peer", "jax": "jax_peer", "autograd": "autograd_peer", "numpy": "numpy_peer"}


def limit_threads(name, count):
    """Before any library is loaded; most look at a variable, XLA at the processors that it may run on."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = str(count)
    processors = sorted(os.sched_getaffinity(0))
    if name == "jax" and count < len(processors):
        os.sched_setaffinity(0, processors[:count])


def status(field):
    """A number of bytes from what the system says about this process."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


class Peer:
    def __init__(self, module):
        self.module = module
        self.work = None

    def answer(self, command):
        return getattr(self, command["do"])(command)

    def prepare(self, command):
        import numpy
        scalar = numpy.dtype({"float": "float32", "double": "float64"}[command["scalar"]])
        arrays = [
            numpy.fromfile(array["file"], dtype=scalar).reshape(array["shape"]) for array in command["arrays"]]
        self.forget(command)
        self.work = self.module.prepare(command["program"], arrays, command["parameters"])
        results = []
        for index, result in enumerate(self.work.results()):
            result = numpy.array(result, dtype=scalar, order="C")
            path = os.path.join(command["results"], f"{self.module.NAME}-{index}")
            result.tofile(path)
            results.append({"file": path, "shape": list(numpy.shape(result))})
        return {"results": results}

    def time(self, command):
        step, count = self.work.step, command["count"]
        gc.collect()
        gc.disable()
        now = time.perf_counter_ns if command["clock"] == "wall" else time.process_time_ns
        start = now()
        for _ in range(count):
            step()
        self.work.finish()
        end = now()
        gc.enable()
        return {"nanoseconds": end - start}

    def memory(self, command):
        gc.collect()
        # What an earlier run has freed is not to be used again unseen.
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = status("VmRSS")
        for _ in range(command["count"]):
            self.work.step()
        self.work.finish()
        return {"bytes": status("VmHWM") - before}

    def forget(self, command):
        self.work = None
        gc.collect()
        return {}


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    # What libraries print must not get between the answers.
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    limit_threads(name, threads)

    def write(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        module = importlib.import_module(MODULES[name])
        module.start(threads)
        write({"peer": name, "version": module.VERSION, "programs": sorted(module.PROGRAMS)})
    except ImportError as error:
        write({"error": str(error)})
        return
    peer = Peer(module)
    for line in sys.stdin:
        try:
            write(peer.answer(json.loads(line)))
        except Exception as error:
            write({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
