"""Films in the tar files of WebDataset."""
