//! Icons, drawn alike: Lucide's, inlined as SVG. Their paths are in `icondata_lu`.

use leptos::prelude::*;

macro_rules! icons {
    ($($name:ident => $icon:ident),* $(,)?) => {
        /// The icons that Atrium uses.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Icon { $(#[allow(missing_docs)] $name),* }

        impl Icon {
            fn paths(self) -> &'static str {
                match self { $(Self::$name => icondata_lu::$icon.data),* }
            }
        }
    };
}

icons! {
    Plus => LuPlus, Menu => LuMenu, Close => LuX, Send => LuArrowUp, Stop => LuSquare, Copy => LuCopy, Edit => LuPencil, Delete => LuTrash2,
    Again => LuRefreshCw, Previous => LuChevronLeft, Next => LuChevronRight, Continue => LuStepForward, Chat => LuMessageSquare, Agents => LuBot,
    Projects => LuFolder, Knowledge => LuLibrary, Document => LuFileText, Upload => LuUpload, Attach => LuPaperclip,
    Settings => LuSettings, Account => LuUser, SignOut => LuLogOut, Search => LuSearch, More => LuEllipsis, Panel => LuPanelLeft, Check => LuCheck,
    Star => LuStar, ThumbUp => LuThumbsUp, ThumbDown => LuThumbsDown, Link => LuLink, Download => LuDownload, Expertise => LuTags,
    Analytics => LuChartColumn, Prompts => LuNotebookPen, Tune => LuSlidersHorizontal, Command => LuCommand, Keyboard => LuKeyboard,
    Warning => LuTriangleAlert, Down => LuArrowDown, Sun => LuSun, Moon => LuMoon, System => LuMonitor,
    Sparkles => LuSparkles, Feather => LuFeather, Code => LuCode, Graduation => LuGraduationCap, Scale => LuScale, Compass => LuCompass,
    Flask => LuFlaskConical, Lightbulb => LuLightbulb,
}

impl Icon {
    /// The picture of an agent.
    #[must_use]
    pub fn avatar(name: &str) -> Self {
        match name {
            "feather" => Self::Feather,
            "code" => Self::Code,
            "graduation" => Self::Graduation,
            "scale" => Self::Scale,
            "compass" => Self::Compass,
            "flask" => Self::Flask,
            "lightbulb" => Self::Lightbulb,
            _ => Self::Sparkles,
        }
    }
}

/// An icon beside or instead of words; whoever reads the page aloud skips it.
#[must_use]
pub fn icon(icon: Icon) -> impl IntoView {
    view! {
        <svg
            class="icon"
            viewBox="0 0 24 24"
            width="20"
            height="20"
            fill="none"
            stroke="currentColor"
            stroke-width="1.5"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            inner_html=icon.paths()
        ></svg>
    }
}
