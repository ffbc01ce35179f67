"""What if: an experiment at each of many scenarios, on common random numbers.

Not called `sweep`, for that is the name of the function that the package exports.
"""
