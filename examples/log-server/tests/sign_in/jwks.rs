//! Sets of keys that are fetched, from servers that are well and from others.
