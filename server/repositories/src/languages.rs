//! What a file is written in, by its name.

/// Names of files that have no telling ending, in lower case.
const NAMES: [(&str, &str); 14] = [
    ("cmakelists.txt", "CMake"),
    ("containerfile", "Dockerfile"),
    ("dockerfile", "Dockerfile"),
    ("gemfile", "Ruby"),
    ("gnumakefile", "Makefile"),
    ("jenkinsfile", "Groovy"),
    ("justfile", "Just"),
    ("license", "Text"),
    ("makefile", "Makefile"),
    ("podfile", "Ruby"),
    ("rakefile", "Ruby"),
    ("readme", "Text"),
    ("vagrantfile", "Ruby"),
    ("build.bazel", "Starlark"),
];

/// Languages and their endings in lower case. Where two share one, the more common has it: `.h` C, `.m` Objective-C.
const ENDINGS: [(&str, &[&str]); 79] = [
    ("AsciiDoc", &["adoc"]),
    ("Assembly", &["asm", "s"]),
    ("Astro", &["astro"]),
    ("Awk", &["awk"]),
    ("Batch", &["bat"]),
    ("C", &["c", "h"]),
    ("C#", &["cs"]),
    ("C++", &["cc", "cpp", "cxx", "hh", "hpp"]),
    ("Clojure", &["clj", "cljs"]),
    ("CMake", &["cmake"]),
    ("CoffeeScript", &["coffee"]),
    ("Crystal", &["cr"]),
    ("CSS", &["css"]),
    ("CSV", &["csv"]),
    ("CUDA", &["cu"]),
    ("D", &["d"]),
    ("Dart", &["dart"]),
    ("Diff", &["diff", "patch"]),
    ("Elixir", &["ex", "exs"]),
    ("Elm", &["elm"]),
    ("Emacs Lisp", &["el"]),
    ("Erlang", &["erl", "hrl"]),
    ("F#", &["fs", "fsx"]),
    ("Fortran", &["f90"]),
    ("GDScript", &["gd"]),
    ("GLSL", &["glsl"]),
    ("Go", &["go"]),
    ("GraphQL", &["gql", "graphql"]),
    ("Groovy", &["gradle", "groovy"]),
    ("Handlebars", &["hbs"]),
    ("Haskell", &["hs"]),
    ("HCL", &["hcl", "tf"]),
    ("HTML", &["htm", "html"]),
    ("INI", &["cfg", "ini", "properties"]),
    ("Java", &["java"]),
    ("JavaScript", &["cjs", "js", "jsx", "mjs"]),
    ("JSON", &["json", "json5", "jsonc", "jsonl"]),
    ("Julia", &["jl"]),
    ("Jupyter", &["ipynb"]),
    ("Kotlin", &["kt", "kts"]),
    ("Less", &["less"]),
    ("Lisp", &["lisp"]),
    ("Lua", &["lua"]),
    ("Makefile", &["mk"]),
    ("Markdown", &["markdown", "md", "mdx"]),
    ("Nim", &["nim"]),
    ("Nix", &["nix"]),
    ("Nushell", &["nu"]),
    ("Objective-C", &["m", "mm"]),
    ("OCaml", &["ml", "mli"]),
    ("Org", &["org"]),
    ("Pascal", &["pas"]),
    ("Perl", &["pl", "pm"]),
    ("PHP", &["php"]),
    ("PowerShell", &["ps1"]),
    ("Protocol Buffers", &["proto"]),
    ("Python", &["py", "pyi"]),
    ("R", &["r"]),
    ("Racket", &["rkt"]),
    ("reStructuredText", &["rst"]),
    ("Ruby", &["rb"]),
    ("Rust", &["rs"]),
    ("Sass", &["sass", "scss"]),
    ("Scala", &["scala"]),
    ("Scheme", &["scm"]),
    ("Shell", &["bash", "fish", "sh", "zsh"]),
    ("Solidity", &["sol"]),
    ("SQL", &["sql"]),
    ("Starlark", &["bzl"]),
    ("Svelte", &["svelte"]),
    ("Swift", &["swift"]),
    ("TeX", &["tex"]),
    ("Text", &["txt"]),
    ("TOML", &["toml"]),
    ("TypeScript", &["mts", "ts", "tsx"]),
    ("Vue", &["vue"]),
    ("XML", &["csproj", "xml"]),
    ("YAML", &["yaml", "yml"]),
    ("Zig", &["zig"]),
];

/// The language of a file; `None` for names that say nothing.
#[must_use]
pub fn language(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    if let Some((_, language)) = NAMES.iter().find(|(it, _)| *it == name) {
        return Some(language);
    }
    let (_, ending) = name.rsplit_once('.')?;
    ENDINGS.iter().find(|(_, endings)| endings.contains(&ending)).map(|(language, _)| *language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_means_one_language() {
        let mut all: Vec<_> = ENDINGS.iter().flat_map(|(_, endings)| *endings).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn names_count_where_endings_say_nothing() {
        assert_eq!(language("docker/Dockerfile"), Some("Dockerfile"));
        assert_eq!(language("src/MAIN.RS"), Some("Rust"));
        assert_eq!(language("CMakeLists.txt"), Some("CMake"));
        assert_eq!(language("bin/run"), None);
        assert_eq!(language(".gitignore"), None);
    }
}
