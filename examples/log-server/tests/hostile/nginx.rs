//! A real nginx in front of the program.

use std::env;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use testbed::{Program, eventually, free_port};

const START: Duration = Duration::from_secs(20);

/// Passes everything on, over connections that are used again.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    _program: Program,
    _folder: TempDir,
}

impl Nginx {
    pub(crate) fn start(behind: SocketAddr) -> Self {
        let named = env::var_os("NGINX").map(PathBuf::from);
        let nginx = named.unwrap_or_else(|| "/usr/sbin/nginx".into());
        assert!(nginx.is_file(), "there is no nginx at {}; NGINX names one", nginx.display());
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(address, behind)).unwrap();
        let mut command = Command::new(nginx);
        command.arg("-p").arg(folder.path()).arg("-c").arg(file).args(["-e", "stderr"]);
        let program = Program::spawn(command, |_| {}).unwrap();
        let ready = || std::net::TcpStream::connect(address).is_ok().then_some(());
        eventually(START, ready).expect("nginx listens");
        Self { address, _program: program, _folder: folder }
    }
}

fn configuration(address: SocketAddr, behind: SocketAddr) -> String {
    let mut folders = String::new();
    for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        let _ = writeln!(folders, "{name}_temp_path {name};");
    }
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;
         events {{}}
         http {{
           access_log off; {folders}
           upstream logs {{ server {behind}; keepalive 1; }}
           server {{
             listen {address};
             location / {{
               proxy_pass http://logs; proxy_http_version 1.1;
               proxy_set_header Connection \"\"; proxy_set_header Host $host;
               proxy_request_buffering off; proxy_buffering off; proxy_read_timeout 2s;
             }}
           }}
         }}"
    )
}
