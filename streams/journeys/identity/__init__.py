"""Who a customer is: identifiers as nodes of a graph, spread over partitions, that agree on one customer by messages."""
