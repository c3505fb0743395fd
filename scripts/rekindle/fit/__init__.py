"""What customers are worth: the parameters of the expected value, fitted to their purchase days and doubted."""
