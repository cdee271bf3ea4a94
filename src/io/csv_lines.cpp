#include "csv_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace lanewise {

namespace {

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

bool is_separator(char c) noexcept {
    return c == ';' || c == ',' || c == '\t';
}

/// Of the text that begins with the first line, without the blanks before it. Quotes are where a cell could
/// begin; tabs at the end of the line separate nothing.
char find_separator(const char* begin, const char* end) noexcept {
    bool has_comma = false;
    bool has_tab = false;
    bool is_behind_tab = false;
    bool is_quoted = false;
    for (const char* at = begin; at != end; ++at) {
        if (is_quoted) {
            if (*at != '"') continue;
            is_quoted = at + 1 != end && at[1] == '"';
            at += is_quoted ? 1 : 0;
            continue;
        }
        is_quoted = *at == '"' && (at == begin || is_blank(at[-1]) || is_separator(at[-1]));
        if (*at == '\n' || *at == '\r') break;
        if (*at == ';') return ';';
        has_comma = has_comma || *at == ',';
        has_tab = has_tab || (is_behind_tab && !is_blank(*at));
        is_behind_tab = is_behind_tab || *at == '\t';
    }
    if (has_comma) return ',';
    return has_tab ? '\t' : ' ';
}

}  // namespace

CsvLines::CsvLines(std::string_view text, std::string_view origin) : origin_(origin) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        throw std::invalid_argument(fmt::format("{}: the text is UTF-16; UTF-8 is needed", origin));
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (text.find('\0') != std::string_view::npos)
        throw std::invalid_argument(
            fmt::format("{}: there are NUL bytes in it; text in UTF-8 is needed", origin));
    at_ = text.data();
    end_ = text.data() + text.size();
}

std::string_view CsvLines::separator() const noexcept {
    switch (separator_) {
        case ';': return "';'";
        case ',': return "','";
        case '\t': return "tabs";
        default: return "blanks";
    }
}

void CsvLines::fail(std::string_view what) const {
    throw std::invalid_argument(fmt::format("{}, line {}: {}", origin_, line_, what));
}

bool CsvLines::next(std::vector<CsvCell>& cells) {
    if (!skip_to_cells()) return false;
    if (separator_ == '\0') choose_separator();
    line_ = next_line_;
    cells.clear();
    for (;;) {
        skip_blanks();
        const bool is_at_end = at_ == end_ || kind(*at_) == Kind::line_end;
        // Blanks at the end of a line have nothing behind them.
        if (is_at_end && separator_ == ' ') break;
        cells.push_back(!is_at_end && *at_ == '"' ? read_quoted() : read_plain());
        if (at_ == end_ || kind(*at_) == Kind::line_end) break;
        ++at_;
    }
    skip_line_end();
    return true;
}

void CsvLines::choose_separator() {
    separator_ = find_separator(std::find_if_not(at_, end_, is_blank), end_);
    const auto set = [&](char c, Kind kind) { kinds_[static_cast<unsigned char>(c)] = kind; };
    set('\n', Kind::line_end);
    set('\r', Kind::line_end);
    set(separator_, Kind::separator);
    if (separator_ == ' ') set('\t', Kind::separator);
}

void CsvLines::skip_blanks() noexcept {
    while (at_ != end_ && is_blank(*at_) && (separator_ == ' ' || *at_ != separator_)) ++at_;
}

/// To the beginning of the next line that has cells; false where there is none.
bool CsvLines::skip_to_cells() noexcept {
    while (at_ != end_) {
        const char* first = std::find_if_not(at_, end_, is_blank);
        if (first != end_ && *first != '#' && *first != '\n' && *first != '\r') return true;
        at_ = std::find_if(first, end_, [](char c) { return c == '\n' || c == '\r'; });
        skip_line_end();
    }
    return false;
}

void CsvLines::skip_line_end() noexcept {
    if (at_ == end_) return;
    const bool is_pair = *at_ == '\r' && at_ + 1 != end_ && at_[1] == '\n';
    at_ += is_pair ? 2 : 1;
    ++next_line_;
}

CsvCell CsvLines::read_plain() noexcept {
    const char* const begin = at_;
    at_ = std::find_if(begin, end_, [&](char c) { return kind(c) != Kind::ordinary; });
    const char* last = at_;
    while (last != begin && is_blank(last[-1])) --last;
    return {std::string_view(begin, static_cast<std::size_t>(last - begin))};
}

CsvCell CsvLines::read_quoted() {
    const char* const begin = ++at_;
    CsvCell cell;
    for (;; at_ += 2) {
        at_ = std::find(at_, end_, '"');
        if (at_ == end_) fail("a quote is not closed");
        if (at_ + 1 == end_ || at_[1] != '"') break;
        cell.has_doubled_quotes = true;
    }
    cell.text = std::string_view(begin, static_cast<std::size_t>(at_ - begin));
    for (const char* c = begin; c != at_; ++c)
        next_line_ += static_cast<std::size_t>(*c == '\n' || (*c == '\r' && c[1] != '\n'));
    ++at_;
    if (separator_ != ' ') skip_blanks();
    if (at_ != end_ && kind(*at_) == Kind::ordinary)
        fail(fmt::format("there is text after the quotes of '{}'", shortened(cell.text)));
    return cell;
}

std::optional<double> read_number(std::string_view text) noexcept {
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return value;
}

std::string shortened(std::string_view text) {
    constexpr std::size_t most = 60;
    if (text.size() <= most) return std::string(text);
    std::size_t size = most;
    // Not in the middle of a character of UTF-8.
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    return fmt::format("{}...", text.substr(0, size));
}

std::string listed(const std::vector<std::string_view>& names) {
    constexpr std::size_t most = 10;
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
        list += fmt::format("{}'{}'", i == 0 ? "" : ", ", shortened(names[i]));
    return names.size() > most ? fmt::format("{} and {} more", list, names.size() - most) : list;
}

}  // namespace lanewise
