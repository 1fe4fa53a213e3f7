//! Finding: vectors, ranks, what supports a sentence.
