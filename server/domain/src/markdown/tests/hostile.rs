//! Markup that means harm.

use super::{check_tags, tail};
use crate::markdown::{render, sanitise};

#[test]
fn nothing_hostile_gets_through() {
    let attacks = [
        "<script>alert(1)</script>",
        "a <script>alert(1)</script> b",
        "<ScRiPt\n>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<style>*{}</style><math><mi//xlink:href=\"data:x,<script>\">",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](javascript&colon;alert(1))",
        "[a](&#106;avascript:alert(1))",
        "[a](<  javascript:alert(1)>)",
        "[a](<java\tscript:alert(1)>)",
        "[a](\u{1}javascript:alert(1))",
        "[a](vbscript:msgbox(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "![a](data:image/svg+xml,<svg/onload=alert(1)>)",
        "![a](javascript:alert(1))",
        "![\" onerror=\"alert(1)](https://x.org)",
        "[a](https://x.org\"onmouseover=\"alert(1))",
        "[a](https://x.org 'title\" onmouseover=\"alert(1)')",
        "<javascript:alert(1)>",
        "<https://x.org/\"onclick=alert(1)>",
        "[a]\n\n[a]: javascript:alert(1)",
        "[a]: javascript:alert(1)\n\n[a]",
        "```\"><script>alert(1)</script>\nx\n```",
        "```html\n<script>alert(1)</script><img onerror=alert(1)>\n```",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "`<script>alert(1)</script>`",
        "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
        "# <script>alert(1)</script>",
        "- <script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<!-- --><script>alert(1)</script>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<?php ?><script>alert(1)</script>",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<a\u{0}href=javascript:alert(1)>",
        "<form action=javascript:alert(1)><button>x",
    ];
    for attack in attacks {
        for html in [render(attack), tail(attack), render(&format!("> {attack}"))] {
            check_tags(&html, attack);
        }
    }
}

#[test]
fn raw_html_is_shown_as_text() {
    assert_eq!(render("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
    assert_eq!(render("a<br>b<BR />c"), "<p>a<br>b<br>c</p>\n");
    assert_eq!(render("a <br onload=b> <br/x>"), "<p>a &lt;br onload=b&gt; &lt;br/x&gt;</p>\n");
    assert_eq!(render("<div>\n*a*\n</div>\n"), "<p>&lt;div&gt;\n*a*\n&lt;/div&gt;</p>\n");
}

#[test]
fn the_sanitiser_holds_by_itself() {
    let html = sanitise::clean(
        "<a href=\"javascript:a\" onclick=b>c</a><img src=x><span class=\"hl-a evil\">d</span>\
         <p style=\"color:red\" id=x class=y>e</p><script>f</script><a href=\"/g\">h</a>",
    );
    for bad in ["javascript", "onclick", "img", "evil", "style", "id=", "script", "/g"] {
        assert!(!html.contains(bad), "{bad} in {html}");
    }
}
