//! `ovpn-plugin certify`: a plugin with one fault each, and what is found of it.

mod faults;
mod faulty_plugin;
mod hostile;
mod output;
mod plugins;
mod plugins_of_others;
