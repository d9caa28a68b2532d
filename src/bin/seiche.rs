//! The command line program; everything it does is in the room `cli`.

fn main() -> std::process::ExitCode {
    seiche::cli::main()
}
