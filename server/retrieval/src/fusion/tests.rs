use super::*;
use crate::vectors::unit;

const STORED: [(&str, &str, Option<[f32; 3]>); 5] = [
    ("wing flutter", "flutter of a wing at high speed panel", Some([1.0, 0.0, 0.0])),
    ("heat transfer", "heat in a slab", Some([0.0, 1.0, 0.0])),
    ("oscillation", "panel oscillation of lifting surfaces", Some([0.9, 0.1, 0.0])),
    ("wing", "wing section", None),
    ("cooking", "soup", Some([-1.0, 0.0, 0.1])),
];

fn candidates() -> Vec<Candidate<'static, usize>> {
    let candidate = |(id, (title, body, vector)): (usize, &(&'static str, &'static str, Option<[f32; 3]>))| Candidate {
        id,
        title: Counts::read(title),
        body: Counts::read(body),
        vector: vector.and_then(|it| unit(&it)),
    };
    STORED.iter().enumerate().map(candidate).collect()
}

fn collection() -> Collection {
    let words = ["wing", "flutter", "panel", "oscillation", "heat", "slab", "speed"];
    let frequencies = words.into_iter().map(|word| (word.to_owned(), 10)).collect();
    Collection { documents: 1000, title_length: 2.0, body_length: 5.0, frequencies }
}

fn rank(fusion: &Fusion, words: &[&str], vector: Option<&[f32]>) -> Ranking<usize> {
    let words: Vec<String> = words.iter().map(|&it| it.into()).collect();
    fusion.rank(&Question { words: &words, vector }, &candidates(), &collection())
}

fn ids(ranking: &Ranking<usize>) -> Vec<usize> {
    ranking.hits.iter().map(|it| it.id).collect()
}

#[test]
fn both_sides_count_and_say_what_they_said() {
    let plain = Fusion { feedback: None, ..Fusion::default() };
    let ranking = rank(&plain, &["wing", "flutter"], Some(&[1.0, 0.0, 0.0]));
    assert_eq!(ids(&ranking)[0], 0);
    let best = ranking.hits[0];
    assert!((best.score - 1.0).abs() < 1e-6, "best on both sides: {best:?}");
    let (words, meaning) = (best.words.unwrap(), best.meaning.unwrap());
    assert_eq!((words.rank, meaning.rank), (1, 1));
    assert_eq!((words.share, meaning.share), (1.0, 1.0));
    assert_eq!(words.score, words.enriched);
    let of = |id| *ranking.hits.iter().find(|it| it.id == id).unwrap();
    assert_eq!(of(2).words, None, "no word of the question");
    assert_eq!(of(3).meaning, None, "no vector");
    assert_eq!((of(3).words.unwrap().rank, of(2).meaning.unwrap().rank), (2, 2));
    assert_eq!(of(4).score, 0.0, "opposite is not worse than unrelated");
    assert!(ranking.added.is_empty() && !best.believed);
}

#[test]
fn one_side_alone_is_enough() {
    let fusion = Fusion::default();
    assert_eq!(ids(&rank(&fusion, &["heat"], None))[0], 1);
    assert_eq!(ids(&rank(&fusion, &[], Some(&[0.0, 1.0, 0.0])))[0], 1);
    assert_eq!(ids(&rank(&fusion, &["unheard"], Some(&[0.0, 1.0, 0.0])))[0], 1);
    let nothing = rank(&fusion, &[], None);
    assert_eq!(ids(&nothing), [0, 1, 2, 3, 4], "as they came");
    assert!(nothing.hits.iter().all(|it| it.score == 0.0 && !it.believed));
    assert_eq!(fusion.rank::<u8>(&Question { words: &[], vector: None }, &[], &collection()).hits, []);
}

#[test]
fn feedback_finds_what_the_question_did_not_say() {
    let believing = |feedback| Fusion { meaning: 0.0, feedback, ..Fusion::default() };
    let feedback = Feedback { documents: 1, ..Feedback::default() };
    let without = rank(&believing(None), &["flutter"], None);
    assert_eq!(without.hits.iter().find(|it| it.id == 2).unwrap().score, 0.0);
    let with = rank(&believing(Some(feedback)), &["flutter"], None);
    // "panel" came with "flutter".
    assert!(with.hits.iter().find(|it| it.id == 2).unwrap().score > 0.0);
    assert_eq!(with.hits[0].id, 0);
    assert!(with.hits[0].believed);
    assert_eq!(with.hits.iter().filter(|it| it.believed).count(), 1);
    let added: Vec<_> = with.added.iter().map(|it| it.0.as_str()).collect();
    assert!(added.contains(&"panel") && !added.contains(&"at"), "only words whose frequency is known: {added:?}");
    assert!((with.added.iter().map(|it| it.1).sum::<f32>() - feedback.share).abs() < 1e-5);
}
