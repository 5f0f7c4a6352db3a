"""What a peer prepares for a case."""


class Work:
    """`step` does the work once and returns what it computed; `read` makes arrays of that."""

    def __init__(self, step, read, finish=lambda: None):
        self.step = step
        self.read = read
        #: Waits for what is still under way.
        self.finish = finish

    def results(self):
        return self.read(self.step())
