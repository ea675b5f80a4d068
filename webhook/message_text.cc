// Messages as plain text: the mail's part for programs that show no HTML, and the internal message.

#include "config/wording.h"
#include "webhook/content.h"

namespace lowbalance {
namespace {

std::string Line(const Content& content, const Content::Row& row) {
  return Fill(content.row_format, {{"label", row.label}, {"value", row.value}});
}

// Everything below the headline, in paragraphs; each line of a list begins with `indent`.
std::string Body(const Content& content, const std::string& indent) {
  std::string text;
  const auto lines = [&](const std::vector<Content::Row>& rows) {
    for (const Content::Row& row : rows) text += indent + Line(content, row) + "\n";
  };
  const auto paragraph = [&text](const std::string& title) {
    if (!text.empty()) text += "\n";
    if (!title.empty()) text += title + "\n";
  };
  if (content.amount) text += indent + Line(content, *content.amount) + "\n";
  lines(content.rows);
  if (!content.account.empty()) {
    paragraph("");
    lines(content.account);
  }
  if (!content.formula.empty()) {
    paragraph(content.formula_title);
    for (const Content::Term& term : content.formula) {
      text += indent + (term.sign.empty() ? "" : term.sign + " ") + Line(content, term.row) + "\n";
    }
  }
  if (!content.warning.empty()) {
    paragraph(content.warning_title);
    text += indent + content.warning + "\n";
  }
  if (!content.next.empty()) {
    paragraph(content.next_title);
    for (const std::string& line : content.next) text += indent + line + "\n";
  }
  if (!content.links.empty()) {
    paragraph("");
    lines(content.links);
  }
  if (!content.notes.empty()) {
    paragraph("");
    for (const std::string& line : content.notes) text += line + "\n";
  }
  return text;
}

}  // namespace

std::string RenderText(const Content& content) {
  return content.headline + "\n\n" + Body(content, "  ") + "\n-- \n" + content.footer + "\n";
}

std::string RenderInternal(const Content& content) {
  return content.headline + "\n\n" + Body(content, "");
}

}  // namespace lowbalance
