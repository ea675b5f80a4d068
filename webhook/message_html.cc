// Messages as HTML: tables and inline styles, which mail programs of all ages agree on.
//
// What only some programs read (the style sheet, for dark mode and narrow screens) improves the
// message and is not needed by it. Nothing is loaded from elsewhere.

#include <array>
#include <string_view>

#include "webhook/content.h"

namespace lowbalance {
namespace {

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// A text that a name from outside may be the whole of: <bdi> keeps one that is written from right
// to left from turning its neighbours around.
std::string Isolated(std::string_view text) { return "<bdi>" + Escape(text) + "</bdi>"; }

struct Colors {
  std::string_view strong;  // Of the band, the label and the bar.
  std::string_view tint;    // Behind the label.
};

Colors ColorsOf(Content::Tone tone) {
  switch (tone) {
    case Content::Tone::kLow:
      return {"#c2410c", "#ffedd5"};
    case Content::Tone::kOverdue:
      return {"#b91c1c", "#fee2e2"};
    case Content::Tone::kRecovered:
      return {"#15803d", "#dcfce7"};
    case Content::Tone::kNotice:
      return {"#1d4ed8", "#dbeafe"};
  }
  return {};
}

// The fonts of each system, Latin before Chinese.
constexpr std::string_view kFonts =
    "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'PingFang SC','Microsoft YaHei',"
    "'Noto Sans CJK SC',sans-serif";

// Dark colours for programs that ask for them; `data-ogsc` is how Outlook asks.
constexpr std::string_view kStyleSheet = R"css(
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (max-width: 480px) {
  .lb-page { padding: 0 !important; }
  .lb-card { border-radius: 0 !important; }
  .lb-pad { padding-left: 16px !important; padding-right: 16px !important; }
  .lb-amount { font-size: 28px !important; }
  .lb-button { display: block !important; margin-right: 0 !important; text-align: center !important; }
}
@media (prefers-color-scheme: dark) {
  .lb-page { background: #111418 !important; }
  .lb-card { background: #1c2128 !important; border-left-color: #30363d !important;
    border-right-color: #30363d !important; border-bottom-color: #30363d !important; }
  .lb-text { color: #e6edf3 !important; }
  .lb-soft { color: #9aa4b0 !important; }
  .lb-line { border-color: #30363d !important; }
  .lb-rest { background: #30363d !important; }
  .lb-low { color: #fdba74 !important; background: #43210b !important; }
  .lb-overdue { color: #fca5a5 !important; background: #4c1515 !important; }
  .lb-recovered { color: #86efac !important; background: #12351f !important; }
  .lb-notice { color: #93c5fd !important; background: #152a4e !important; }
  .lb-warning { color: #fde68a !important; background: #3a2c07 !important; border-color: #854d0e !important; }
  .lb-button { color: #93c5fd !important; border-color: #3b5b8c !important; }
}
[data-ogsc] .lb-text { color: #e6edf3 !important; }
[data-ogsc] .lb-soft { color: #9aa4b0 !important; }
)css";

std::string_view ToneClass(Content::Tone tone) {
  constexpr std::array<std::string_view, 4> kClasses{"lb-low", "lb-overdue", "lb-recovered",
                                                     "lb-notice"};
  return kClasses.at(static_cast<std::size_t>(tone));
}

class Html {
 public:
  explicit Html(const Content& content) : content_(content), colors_(ColorsOf(content.tone)) {}

  std::string Render() {
    Open();
    Head();
    if (content_.amount) Amount();
    Rows(content_.rows);
    Rows(content_.account);
    Formula();
    Warning();
    Next();
    Links();
    Close();
    return std::move(out_);
  }

 private:
  template <class... Parts>
  void Put(const Parts&... parts) {
    (out_.append(parts), ...);
  }

  void Open() {
    Put("<!DOCTYPE html>\n<html lang=\"", Escape(content_.language_tag),
        "\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>",
        Escape(content_.subject), "</title>\n<style>", kStyleSheet, "</style>\n</head>\n");
    Put("<body class=\"lb-page\" style=\"margin:0;padding:0;background:#f3f4f6;"
        "-webkit-text-size-adjust:100%\">\n"
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
        "border=\"0\" class=\"lb-page\" style=\"background:#f3f4f6\">"
        "<tr><td class=\"lb-page\" align=\"center\" style=\"padding:24px 12px\">\n"
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
        "border=\"0\" class=\"lb-card\" style=\"max-width:600px;background:#ffffff;"
        "border:1px solid #e5e7eb;border-top:4px solid ",
        colors_.strong, ";border-radius:8px;font-family:", kFonts,
        ";font-size:15px;line-height:1.5\">\n");
  }

  // A row of the card.
  void Begin(std::string_view padding) {
    Put("<tr><td class=\"lb-pad lb-text\" style=\"padding:", padding, ";color:#1f2328\">\n");
  }
  void End() { Put("</td></tr>\n"); }

  void Head() {
    Begin("24px 28px 0");
    Put("<span class=\"", ToneClass(content_.tone),
        "\" style=\"display:inline-block;padding:2px 10px;border-radius:12px;font-size:13px;"
        "font-weight:600;color:",
        colors_.strong, ";background:", colors_.tint, "\">", Escape(content_.label), "</span>\n");
    Put("<h1 class=\"lb-text\" style=\"margin:12px 0 0;font-size:18px;line-height:1.4;"
        "font-weight:600;color:#1f2328;overflow-wrap:anywhere;word-break:break-word\">",
        Isolated(content_.headline), "</h1>\n");
    End();
  }

  void Amount() {
    Begin("20px 28px 0");
    Put("<div class=\"lb-soft\" style=\"font-size:13px;color:#57606a\">",
        Escape(content_.amount->label),
        "</div>\n<div class=\"lb-text lb-amount\" style=\"font-size:32px;line-height:1.25;"
        "font-weight:700;color:#1f2328;overflow-wrap:anywhere\">",
        Isolated(content_.amount->value), "</div>\n");
    if (content_.percent) Bar(*content_.percent);
    End();
  }
  // How much of the threshold there is. Said by the numbers too, so it is hidden from readers of
  // screens.
  void Bar(int percent) {
    Put("<table role=\"presentation\" aria-hidden=\"true\" width=\"100%\" cellpadding=\"0\" "
        "cellspacing=\"0\" border=\"0\" style=\"margin:10px 0 0\"><tr>");
    const auto cell = [this](int width, std::string_view color, std::string_view name) {
      if (width == 0) return;
      Put("<td class=\"", name, "\" width=\"", std::to_string(width),
          "%\" height=\"6\" style=\"height:6px;line-height:6px;font-size:0;background:", color,
          "\">&nbsp;</td>");
    };
    cell(percent, colors_.strong, "lb-part");
    cell(100 - percent, "#e5e7eb", "lb-rest");
    Put("</tr></table>\n");
  }

  void BeginTable() {
    Put("<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" "
        "style=\"border-collapse:collapse\">\n");
  }
  void EndTable() { Put("</table>\n"); }

  void Row(const Content::Row& row, bool line, bool strong, std::string_view sign = "") {
    const std::string_view border = line ? ";border-top:1px solid #e5e7eb" : "";
    const std::string_view weight = strong ? ";font-weight:700" : "";
    Put("<tr>");
    if (has_signs_) {
      Put("<td class=\"lb-soft lb-line\" width=\"18\" style=\"padding:6px 0;width:18px;"
          "color:#57606a;vertical-align:top",
          border, "\">", Escape(sign), "</td>");
    }
    // Labels keep their room beside a long value; those of a formula are of one kind and share it.
    const std::string_view width = has_signs_ ? "" : " width=\"38%\"";
    Put("<th scope=\"row\"", width,
        " class=\"lb-soft lb-line\" style=\"padding:6px 12px 6px 0;"
        "text-align:left;font-weight:400;color:#57606a;vertical-align:top",
        border, weight, "\">", Escape(row.label),
        "</th><td class=\"lb-text lb-line\" style=\"padding:6px 0;text-align:right;color:#1f2328;"
        "vertical-align:top;overflow-wrap:anywhere;word-break:break-word",
        border, weight, "\">", Isolated(row.value), "</td></tr>\n");
  }
  void Rows(const std::vector<Content::Row>& rows) {
    if (rows.empty()) return;
    Begin("20px 28px 0");
    BeginTable();
    for (std::size_t i = 0; i < rows.size(); ++i) Row(rows[i], i > 0, false);
    EndTable();
    End();
  }

  void Title(std::string_view text) {
    if (text.empty()) return;
    Put("<h2 class=\"lb-text\" style=\"margin:0 0 6px;font-size:15px;font-weight:600;"
        "color:#1f2328\">",
        Escape(text), "</h2>\n");
  }

  void Formula() {
    if (content_.formula.empty()) return;
    Begin("24px 28px 0");
    Title(content_.formula_title);
    BeginTable();
    has_signs_ = true;
    for (const Content::Term& term : content_.formula) {
      const bool total = term.sign == "=";
      Row(term.row, total, total, term.sign);
    }
    has_signs_ = false;
    EndTable();
    End();
  }

  void Warning() {
    if (content_.warning.empty()) return;
    Begin("24px 28px 0");
    Put("<div class=\"lb-warning\" style=\"padding:12px 16px;border-left:4px solid #d97706;"
        "background:#fffbeb;color:#713f12\"><b>",
        Escape(content_.warning_title), "</b><br>", Escape(content_.warning), "</div>\n");
    End();
  }

  void Next() {
    if (content_.next.empty()) return;
    Begin("24px 28px 0");
    Title(content_.next_title);
    for (const std::string& line : content_.next) {
      Put("<p class=\"lb-text\" style=\"margin:0 0 6px;color:#1f2328\">", Escape(line), "</p>\n");
    }
    End();
  }

  void Links() {
    if (content_.links.empty()) return;
    Begin("16px 28px 0");
    for (const Content::Row& link : content_.links) {
      Put("<a class=\"lb-button\" href=\"", Escape(link.value),
          "\" style=\"display:inline-block;margin:0 8px 8px 0;padding:8px "
          "14px;border-radius:6px;font-size:14px;"
          "border:1px solid #c3d0e6;color:#1d4ed8;text-decoration:none;font-weight:600\">",
          Escape(link.label), "</a>\n");
    }
    End();
  }

  void Close() {
    Put("<tr><td class=\"lb-pad lb-soft\" style=\"padding:20px 28px 24px;font-size:12px;"
        "color:#57606a\">\n");
    for (const std::string& line : content_.notes) Put(Escape(line), "<br>\n");
    Put(Escape(content_.footer), "\n</td></tr>\n</table>\n</td></tr></table>\n</body>\n</html>\n");
  }

  const Content& content_;
  const Colors colors_;
  bool has_signs_ = false;
  std::string out_;
};

}  // namespace

std::string RenderHtml(const Content& content) { return Html(content).Render(); }

}  // namespace lowbalance
