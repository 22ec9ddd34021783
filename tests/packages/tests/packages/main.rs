//! The packages: what they hold, that they are the same each time, and that they do what they are for in a clean Debian.

mod clean_debian;
mod deb;
mod dev;
mod documents;
mod licences;
mod oldest_rust;
mod other_distributions;
mod published;
mod release;
mod rpm;
mod service_file;
