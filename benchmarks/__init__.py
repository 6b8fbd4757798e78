"""Side-by-side benchmarks: the same pages and the same queries for procsearch and its peers."""
