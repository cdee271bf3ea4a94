#include "lanewise/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "csv_lines.hpp"
#include "lanewise/io.hpp"
#include "near.hpp"
#include "values.hpp"

namespace lanewise {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// Whether a cell says that its value is missing.
bool says_missing(std::string_view text) noexcept {
    constexpr std::array<std::string_view, 6> words = {"", "nan", "na", "n/a", "null", "none"};
    const auto is_same = [](char a, char small) {
        return a == small || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == small);
    };
    return std::ranges::any_of(
        words, [&](std::string_view word) { return std::ranges::equal(text, word, is_same); });
}

/// Why a cell without blanks around it is no number, though it is not missing.
std::string no_number(std::string_view text) {
    double value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc::result_out_of_range)
        return fmt::format("'{}' is beyond the range of double precision", shortened(text));
    std::string with_point(text);
    std::ranges::replace(with_point, ',', '.');
    const bool has_comma = with_point != text && read_number(with_point);
    return fmt::format("'{}' is not a number{}", shortened(text),
                       has_comma ? ": a decimal point is needed" : "");
}

/// One that is given twice, if there is.
std::optional<std::string_view> given_twice(const std::vector<std::string>& names) {
    std::unordered_set<std::string_view> seen;
    for (const std::string& name : names) {
        if (!seen.insert(name).second) return name;
    }
    return {};
}

bool is_number(std::string_view text) noexcept {
    return read_number(trim(text)).has_value();
}

/// Each pair of quotes becomes one. The size of what is left.
std::size_t undouble_quotes(std::span<char> text) noexcept {
    std::size_t size = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        text[size++] = text[at];
        if (text[at] == '"') ++at;
    }
    return size;
}

std::string text_of(const CsvCell& cell) {
    std::string text(cell.text);
    if (cell.has_doubled_quotes) text.resize(undouble_quotes(text));
    return text;
}

/// Whether a cell, or a line that it begins, would be taken for something else without quotes.
bool needs_quotes(std::string_view text) noexcept {
    // Of a comment, and of the marks that a text can begin with.
    constexpr std::string_view awkward_beginnings = "#\xEF\xFE\xFF";
    return text.find_first_of(" ;,\"\t\r\n") != std::string_view::npos ||
           (!text.empty() && awkward_beginnings.find(text.front()) != std::string_view::npos);
}

std::string quoted(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

}  // namespace

class CsvTable::Reader {
  public:
    explicit Reader(CsvTable& table) : table_(&table), lines_(table.text_, table.origin_) {}

    void read() {
        std::vector<CsvCell> cells;
        if (!lines_.next(cells))
            throw std::invalid_argument(fmt::format("{}: no header line of names in it", table_->origin_));
        read_names(cells);
        while (lines_.next(cells)) read_row(cells);
    }

  private:
    void read_names(const std::vector<CsvCell>& cells) {
        table_->width_ = cells.size();
        table_->separator_ = lines_.separator();
        table_->line_of_names_ = lines_.line();
        for (std::size_t column = 0; column < cells.size(); ++column) {
            if (cells[column].text.empty()) continue;
            table_->names_.push_back(text_of(cells[column]));
            table_->places_.push_back(column);
        }
        if (table_->names_.empty()) lines_.fail("a header line of names is expected; all cells are empty");
        if (std::ranges::all_of(table_->names_, is_number))
            lines_.fail(fmt::format("a header line of names is expected; there are numbers: {}",
                                    listed({table_->names_.begin(), table_->names_.end()})));
        if (const auto name = given_twice(table_->names_))
            lines_.fail(fmt::format("there are two columns '{}'", shortened(*name)));
    }

    void read_row(const std::vector<CsvCell>& cells) {
        if (cells.size() != table_->width_)
            lines_.fail(fmt::format("{} cells, separated by {}; the header line has {}", cells.size(),
                                    lines_.separator(), table_->width_));
        for (const CsvCell& cell : cells) keep(cell);
        table_->lines_.push_back(lines_.line());
    }

    /// Writes over what the lines have been read from already.
    void keep(const CsvCell& cell) {
        std::string& text = table_->text_;
        const auto begin = static_cast<std::size_t>(cell.text.data() - text.data());
        std::size_t size = cell.text.size();
        if (cell.has_doubled_quotes) size = undouble_quotes({text.data() + begin, size});
        text[begin + size] = '\0';
        table_->cells_.push_back(begin);
    }

    CsvTable* table_;
    CsvLines lines_;
};

CsvTable::CsvTable(std::string text, std::string_view origin) : text_(std::move(text)), origin_(origin) {
    Reader(*this).read();
}

bool CsvTable::has(std::string_view name) const noexcept {
    return std::ranges::find(names_, name) != names_.end();
}

std::size_t CsvTable::column_of(std::string_view name) const {
    const auto found = std::ranges::find(names_, name);
    if (found != names_.end()) return places_[static_cast<std::size_t>(found - names_.begin())];
    const std::vector<std::string_view> names(names_.begin(), names_.end());
    const auto meant = nearest(name, names);
    throw std::invalid_argument(
        fmt::format("{}, line {}: no column '{}'{} The columns, separated by {}, are {}", origin_,
                    line_of_names_, shortened(name),
                    meant ? fmt::format("; did you mean '{}'?", *meant) : ".", separator_, listed(names)));
}

std::vector<double> CsvTable::numbers(std::string_view name) const {
    const std::size_t column = column_of(name);
    const char* const end = text_.data() + text_.size();
    std::vector<double> numbers(rows());
    for (std::size_t row = 0; row < rows(); ++row) {
        const auto [stop, error] = std::from_chars(cell(row, column), end, numbers[row]);
        if (error != std::errc() || *stop != '\0') numbers[row] = awkward_number(row, column);
    }
    return numbers;
}

/// Of a cell that is not just a number.
double CsvTable::awkward_number(std::size_t row, std::size_t column) const {
    const std::string_view text = trim(cell(row, column));
    if (says_missing(text)) return missing;
    if (const auto number = read_number(text)) return *number;
    const auto name = std::ranges::find(places_, column) - places_.begin();
    throw std::invalid_argument(
        fmt::format("{}, line {}: column '{}': {}; columns are separated by {}", origin_, lines_[row],
                    shortened(names_[static_cast<std::size_t>(name)]), no_number(text), separator_));
}

std::vector<std::string> CsvTable::texts(std::string_view name) const {
    const std::size_t column = column_of(name);
    std::vector<std::string> texts;
    texts.reserve(rows());
    for (std::size_t row = 0; row < rows(); ++row) texts.emplace_back(cell(row, column));
    return texts;
}

Data CsvTable::data(const std::vector<std::string>& names) const {
    std::vector<Column> columns;
    columns.reserve(names.size());
    for (const std::string& name : names) columns.push_back({name, numbers(name)});
    return Data(std::move(columns));
}

std::vector<double> parse_table_csv(std::string_view text, std::string_view origin) {
    CsvLines lines(text, origin);
    const auto fail = [&](std::string_view what) {
        lines.fail(fmt::format("{}; a table is one column of numbers, or one line of them", what));
    };
    std::vector<double> numbers;
    bool is_first = true;
    std::size_t width = 1;
    for (std::vector<CsvCell> cells; lines.next(cells); is_first = false) {
        if (is_first) width = cells.size();
        if (!is_first && (width > 1 || cells.size() > 1))
            fail(fmt::format("{} cells, separated by {}", cells.size(), lines.separator()));
        for (const CsvCell& cell : cells) {
            const std::string_view number = trim(cell.text);
            if (says_missing(number)) fail(fmt::format("a number is missing: '{}'", number));
            if (const auto value = read_number(number)) {
                numbers.push_back(*value);
            } else if (!is_first || width > 1) {
                fail(no_number(number));
            }
        }
    }
    if (numbers.empty()) throw std::invalid_argument(fmt::format("{}: no number in it", origin));
    return numbers;
}

CsvWriter::CsvWriter(const std::vector<std::string>& names, Sink sink)
    : sink_(std::move(sink)), width_(names.size()) {
    if (names.empty()) throw std::invalid_argument("a table to be written needs at least one column");
    if (std::ranges::find(names, "") != names.end())
        throw std::invalid_argument("a column of a table to be written has no name");
    if (const auto name = given_twice(names))
        throw std::invalid_argument(fmt::format("a table to be written has two columns '{}'", *name));
    for (const std::string& name : names) text(name);
}

CsvWriter& CsvWriter::number(double value) {
    return put(std::isnan(value) ? std::string() : to_text(value));
}

CsvWriter& CsvWriter::text(std::string_view value) {
    return put(needs_quotes(value) ? quoted(value) : value);
}

CsvWriter& CsvWriter::put(std::string_view cell) {
    // A line with nothing in it would be skipped.
    if (width_ == 1 && cell.empty()) cell = "\"\"";
    if (cells_ == 0) line_.clear();
    if (cells_ > 0) line_ += ',';
    line_ += cell;
    if (++cells_ < width_) return *this;
    line_ += '\n';
    cells_ = 0;
    sink_(line_);
    return *this;
}

}  // namespace lanewise
