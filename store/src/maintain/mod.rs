//! x
pub(crate) mod merge;
use crate::config::Config; use crate::write::publisher::Publisher; use crate::write::admission::Admission; use crate::write::Command;
pub(crate) struct Maintainer{config:Config,publisher:Publisher,admission:Admission,commands: tokio::sync::mpsc::WeakSender<Command>}
impl Maintainer { pub(crate) fn new(config:Config,publisher:Publisher,admission:Admission,commands: tokio::sync::mpsc::WeakSender<Command>)->Self{Self{config,publisher,admission,commands}}
 pub(crate) async fn run(self){ loop { self.publisher.clock.sleep(std::time::Duration::from_secs(1)).await; if let Some(c)=self.commands.upgrade(){ let _=c.send(Command::SealOld).await; } let _=(&self.config,&self.admission);} } }
