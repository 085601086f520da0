"""Components of Qdrant Cloud: the vector index and who reaches it."""
