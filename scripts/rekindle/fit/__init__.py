"""What customers are worth: the parameters of the expected value, fitted to their purchase days and doubted."""

import os

# read when scipy is imported: on four parameters its threads only wait for each other, three times as long
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
