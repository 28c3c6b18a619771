"""The neurons of a comparison of two runs, as readers filter, sort and read them."""
