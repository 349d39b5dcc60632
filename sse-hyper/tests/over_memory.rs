//! What is promised of connections holds over memory as it does over TCP.

mod every;
