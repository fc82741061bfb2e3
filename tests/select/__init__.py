# the tests mirror the packages
