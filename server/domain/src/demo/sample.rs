//! What the sample says: a small team that prepares an exhibition about the sea.

use atrium::agents::{PRESETS, Preset};
use atrium::people::Role;

pub(super) struct Organisation {
    pub name: &'static str,
    pub address: &'static str,
}

pub(super) const ORGANISATION: Organisation =
    Organisation { name: "Harbour Museum (sample)", address: "Pier 3, Old Harbour" };

/// One of every role; the addresses are made from the first names.
pub(super) const PEOPLE: [(&str, Role); 6] = [
    ("Adele Admin", Role::Admin),
    ("Mina Manager", Role::Manager),
    ("Enzo Engineer", Role::Engineer),
    ("Anouk Analyst", Role::Analyst),
    ("Uma User", Role::User),
    ("Gus Guest", Role::Guest),
];

/// Who of [`PEOPLE`] makes the agents.
pub(super) const ENGINEER: usize = 2;

pub(super) const AGENTS: [Preset; 3] = [PRESETS[0], PRESETS[1], PRESETS[3]];

pub(super) struct Project {
    pub name: &'static str,
    pub description: &'static str,
}

pub(super) const PROJECT: Project = Project {
    name: "Exhibition: Tides",
    description: "Texts, schedule and budget of the exhibition that opens in spring.",
};

pub(super) struct Conversation {
    pub title: &'static str,
    /// Whose, in [`PEOPLE`].
    pub owner: usize,
    /// With whom, in [`AGENTS`].
    pub agent: usize,
    pub is_of_project: bool,
    /// Question and answer by turns.
    pub turns: &'static [&'static str],
}

pub(super) const CONVERSATIONS: [Conversation; 4] = [
    Conversation {
        title: "How do tides work?",
        owner: 4,
        agent: 2,
        is_of_project: true,
        turns: &[
            "How do tides work? I need it for a panel that children read.",
            "The Moon pulls on the Earth, and on the sea most visibly.\n\n1. **On the side that faces the Moon** the water is pulled a little more than the ground below it: it rises.\n2. **On the far side** the ground is pulled a little more than the water: there it rises too.\n3. The Earth turns below these two hills of water, so most coasts see **two high tides a day**.\n\nWhere would you stand to see the water rise twice in one day?",
            "And why is it later every day?",
            "Because the Moon moves on while the Earth turns. The Earth needs about **50 minutes more** to catch up with it, so high tide comes about 50 minutes later each day.",
        ],
    },
    Conversation {
        title: "Panel text for the harbour model",
        owner: 1,
        agent: 1,
        is_of_project: true,
        turns: &[
            "Make this clearer: “The harbour, which was constructed in the year 1874, was at that point in time the largest one on the coast.”",
            "> Built in 1874, the harbour was then the largest on the coast.\n\n- *was constructed in the year* became **built in**\n- *at that point in time* became **then**",
        ],
    },
    Conversation {
        title: "Visitors a week, by weather",
        owner: 3,
        agent: 0,
        is_of_project: false,
        turns: &[
            "Here are last month's visitors: rain 412, 388, 431; sun 290, 305. What can I say from it?",
            "| Weather | Weeks | Mean |\n|---|---:|---:|\n| rain | 3 | 410 |\n| sun | 2 | 298 |\n\nIn rainy weeks about **38 % more** people came. With five weeks that is a hint, no proof: school holidays or an event could explain it as well.",
        ],
    },
    Conversation {
        title: "Checklist for the opening",
        owner: 0,
        agent: 0,
        is_of_project: true,
        turns: &[
            "Give me a short checklist for the opening day.",
            "- [ ] Panels hung and proofread\n- [ ] Sound and light tested with the doors open\n- [ ] Guides briefed, with the route for wheelchairs\n- [ ] Cash desk and card reader tried once\n- [ ] First-aid kit and emergency numbers in place",
        ],
    },
];
