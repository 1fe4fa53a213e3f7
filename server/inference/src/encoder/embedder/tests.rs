use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::*;

/// A model whose vectors are the lengths of the texts. It takes its time where a text says so.
struct Scripted {
    /// How many texts it has looked at.
    seen: Arc<AtomicUsize>,
}

impl Model for Scripted {
    fn encode(
        &self,
        texts: &[&str],
        threads: usize,
        wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<Vec<f32>>>, InferenceError> {
        assert!(threads > 0);
        let mut vectors = Vec::new();
        for text in texts {
            if !wanted() {
                return Ok(None);
            }
            self.seen.fetch_add(1, Ordering::SeqCst);
            match *text {
                "slow" => std::thread::sleep(Duration::from_millis(20)),
                "fail" => return Err(InferenceError::Compute("a scripted failure".into())),
                "panic" => panic!("a scripted panic"),
                _ => {}
            }
            vectors.push(vec![text.len() as f32]);
        }
        Ok(Some(vectors))
    }

    fn memory(&self) -> usize {
        77
    }
}

/// An embedder of scripted models, how many of them were loaded, and how many texts they have looked at.
fn scripted(idle: Duration) -> (Embedder, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (loads, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, looked) = (Arc::clone(&loads), Arc::clone(&seen));
    let load: Load = Box::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(Scripted { seen: Arc::clone(&looked) }))
    });
    (Embedder::with_model(PathBuf::from("no/such-model"), idle, load), loads, seen)
}

const LONG: Duration = Duration::from_secs(60);

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

async fn wait_until(what: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(5);
    while !what() {
        assert!(Instant::now() < until, "it never came to be");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn both_kinds_share_one_model() {
    let (embedder, loads, _) = scripted(LONG);
    assert!(!embedder.is_loaded() && !embedder.available());
    assert_eq!((embedder.model_name(), embedder.memory()), ("such-model", 0));
    assert_eq!(embedder.question("four".into()).await, Ok(vec![4.0]));
    assert_eq!(embedder.documents(texts(&["a", "", "abc"])).await, Ok(vec![vec![1.0], vec![0.0], vec![3.0]]));
    assert_eq!(embedder.documents(Vec::new()).await, Ok(Vec::new()));
    assert!(embedder.is_loaded());
    assert_eq!((embedder.memory(), loads.load(Ordering::SeqCst)), (77, 1));
}

#[tokio::test]
async fn a_question_does_not_wait_for_documents() {
    let (embedder, _, seen) = scripted(LONG);
    let mut slow = std::pin::pin!(embedder.documents(texts(&["slow"; 100])));
    let start = Instant::now();
    tokio::select! {
        _ = &mut slow => panic!("two seconds of work took {:?}", start.elapsed()),
        answer = async {
            wait_until(|| seen.load(Ordering::SeqCst) > 0).await;
            embedder.question("now".into()).await
        } => assert_eq!(answer, Ok(vec![3.0])),
    }
}

#[tokio::test]
async fn nobody_works_for_who_has_gone() {
    let (embedder, _, seen) = scripted(LONG);
    let gone = tokio::time::timeout(Duration::from_millis(100), embedder.documents(texts(&["slow"; 1000]))).await;
    assert!(gone.is_err());
    // The next job's turn comes long before the first one's end, and is the last that is looked at.
    assert_eq!(embedder.documents(texts(&["ab"])).await, Ok(vec![vec![2.0]]));
    let looked = seen.load(Ordering::SeqCst);
    assert!(looked < 500, "{looked} were looked at");
}

#[tokio::test]
async fn the_model_goes_when_nobody_asks_and_comes_back() {
    let (embedder, loads, _) = scripted(Duration::from_millis(20));
    for times in 1..3 {
        embedder.question("a".into()).await.unwrap();
        embedder.documents(texts(&["b"])).await.unwrap();
        wait_until(|| !embedder.is_loaded()).await;
        assert!(loads.load(Ordering::SeqCst) >= times);
    }
    assert_eq!(embedder.memory(), 0);
}

#[tokio::test]
async fn what_goes_wrong_ends_one_job() {
    let (embedder, ..) = scripted(LONG);
    let failed = embedder.documents(texts(&["a", "fail"])).await;
    assert_eq!(failed, Err(InferenceError::Compute("a scripted failure".into())));
    assert_eq!(embedder.question("panic".into()).await, Err(InferenceError::Panicked("a scripted panic".into())));
    assert_eq!(embedder.question("fine".into()).await, Ok(vec![4.0]));
}

#[tokio::test]
async fn a_model_that_is_not_there_is_looked_for_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Embedder::new(folder.path().to_owned(), LONG);
    for _ in 0..2 {
        let missing = embedder.question("a".into()).await;
        assert_eq!(missing, Err(InferenceError::Missing(folder.path().join("config.json"))));
    }
    assert!(!embedder.is_loaded());
}
