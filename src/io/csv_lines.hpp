// CSV text as lines of cells.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanewise {

/// What stands between two separators, without the blanks around it and without its quotes.
struct CsvCell {
    std::string_view text;
    bool has_doubled_quotes = false;  ///< of which each pair is one quote
};

/// The lines of a text, which belongs to the caller. Empty lines and lines that start with # are skipped.
class CsvLines {
  public:
    /// `origin` is what errors call the text.
    /// \throws std::invalid_argument where it is UTF-16 or has NUL bytes.
    CsvLines(std::string_view text, std::string_view origin);

    /// The cells of the next line, of which there is at least one; false at the end.
    /// \throws std::invalid_argument where quotes are not closed, or text comes after them.
    bool next(std::vector<CsvCell>& cells);

    /// The number of the line that the last cells began in, from 1.
    std::size_t line() const noexcept { return line_; }

    /// "',', "tabs" or "blanks": the first of ';', ',' and tab that the first line has outside quotes, else
    /// blanks, however many they are.
    std::string_view separator() const noexcept;

    /// \throws std::invalid_argument with origin and line before `what`.
    [[noreturn]] void fail(std::string_view what) const;

  private:
    enum class Kind : unsigned char { ordinary, separator, line_end };

    Kind kind(char c) const noexcept { return kinds_[static_cast<unsigned char>(c)]; }
    void choose_separator();
    void skip_blanks() noexcept;
    bool skip_to_cells() noexcept;
    void skip_line_end() noexcept;
    CsvCell read_plain() noexcept;
    CsvCell read_quoted();

    std::string_view origin_;
    const char* at_;
    const char* end_;
    std::size_t line_ = 0;
    std::size_t next_line_ = 1;
    char separator_ = '\0';  ///< until there is a first line
    std::array<Kind, 256> kinds_{};
};

/// From text without blanks around it: what std::from_chars takes, with a sign before it.
std::optional<double> read_number(std::string_view text) noexcept;

/// With "..." for what is too long for a message.
std::string shortened(std::string_view text);

/// "'x', 'y' and 3 more"
std::string listed(const std::vector<std::string_view>& names);

}  // namespace lanewise
