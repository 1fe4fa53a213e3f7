//! A mail server that does what a script says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the mail server does with one message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// To the recipient: `550 …` or `450 …`.
    Refuse(&'static str),
    /// To the password.
    RefuseSignIn,
    /// Says nothing more.
    Hang,
}

/// Speaks SMTP on the loopback interface: one answer a connection, then takes everything.
#[derive(Clone)]
pub(crate) struct PostOffice {
    pub(crate) port: u16,
    script: Arc<Mutex<VecDeque<Answer>>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl PostOffice {
    pub(crate) async fn open(script: &[Answer]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let office = Self {
            port: listener.local_addr().unwrap().port(),
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            taken: Arc::default(),
        };
        let counter = office.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(counter.clone().serve(stream));
            }
        });
        office
    }

    /// The messages that it took, their long lines and equals signs as they are read.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().iter().map(|it| it.replace("=\n", "").replace("=3D", "=")).collect()
    }

    async fn serve(self, stream: TcpStream) {
        let answer = self.script.lock().unwrap().pop_front();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 post.example ESMTP\r\n").await.unwrap();
        let mut message: Option<String> = None;
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(text) = &mut message {
                if line == "." {
                    self.taken.lock().unwrap().push(message.take().unwrap());
                    write.write_all(b"250 taken\r\n").await.unwrap();
                } else {
                    text.push_str(&line);
                    text.push('\n');
                }
                continue;
            }
            let word = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let reply = match (word.as_str(), answer) {
                ("EHLO", _) => "250-post.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN",
                ("AUTH", Some(Answer::RefuseSignIn)) => "535 wrong password",
                ("AUTH", _) => "235 welcome",
                ("RCPT", Some(Answer::Refuse(reply))) => reply,
                ("RCPT", Some(Answer::Hang)) => std::future::pending().await,
                ("DATA", _) => {
                    message = Some(String::new());
                    "354 go on"
                }
                _ => "250 fine",
            };
            if write.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }
}
