/// Tables of named columns as CSV text, read and written.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/data.hpp"

namespace lanewise {

/// A table that has been read: a line of names, then rows with a cell for each name.
///
///     const lanewise::CsvTable table(lanewise::read_file("decay.csv"), "decay.csv");
///     const lanewise::Data data = table.data({"t", "y"});
///
/// Columns are separated by the first of ';', ',' and tab that the line of names has outside quotes, else by
/// blanks. Blanks around cells do not count. A cell in double quotes may hold separators, line breaks and,
/// doubled, quotes. Lines end with LF, CR LF or CR; empty ones and those that start with # are skipped.
class CsvTable {
  public:
    /// `text` is UTF-8, with a byte order mark or without. `origin` is what errors call it.
    /// \throws std::invalid_argument naming the line and what is wrong with it: there is no line of names, a
    ///         name is given twice, or a line has more or fewer cells than there are names.
    explicit CsvTable(std::string text, std::string_view origin = "data file");

    /// Without those of columns whose name is empty, which cannot be asked for.
    const std::vector<std::string>& names() const noexcept { return names_; }
    std::size_t rows() const noexcept { return lines_.size(); }
    bool has(std::string_view name) const noexcept;

    /// NaN where a value is missing: where the cell is empty, NaN, NA, N/A, null or none, in capitals or not.
    /// \throws std::invalid_argument naming the column when there is none of that name, or line, column and
    ///         text of a cell that is no number.
    std::vector<double> numbers(std::string_view name) const;

    /// \throws std::invalid_argument naming the column when there is none of that name.
    std::vector<std::string> texts(std::string_view name) const;

    /// The numbers of these columns.
    /// \throws std::invalid_argument as numbers() and Data do.
    Data data(const std::vector<std::string>& names) const;

  private:
    class Reader;

    std::size_t column_of(std::string_view name) const;
    const char* cell(std::size_t row, std::size_t column) const noexcept {
        return text_.data() + cells_[row * width_ + column];
    }
    double awkward_number(std::size_t row, std::size_t column) const;

    std::string text_;  ///< where a NUL has been written behind each cell
    std::string origin_;
    std::string_view separator_;  ///< what errors call it
    std::size_t width_ = 0;       ///< columns, also those without a name
    std::vector<std::string> names_;
    std::vector<std::size_t> places_;  ///< [name] which of the columns that is
    std::vector<std::size_t> cells_;   ///< [row][column] where in the text they begin
    std::vector<std::size_t> lines_;   ///< [row] of the file, from 1
    std::size_t line_of_names_ = 0;
};

/// Numbers without names: one a line, with a line before them that names them or without, or all in one line.
/// \throws std::invalid_argument naming the line and what is no number there, or missing.
std::vector<double> parse_table_csv(std::string_view text, std::string_view origin = "table file");

/// Writes a table, cell by cell, that CsvTable reads back: the same texts, the same doubles, NaN as an empty
/// cell.
///
///     lanewise::CsvWriter writer({"group", "k"}, [&](std::string_view line) { file.write(line); });
///     writer.text("a").number(0.5);
///     writer.text("b").number(0.25);
class CsvWriter {
  public:
    using Sink = std::function<void(std::string_view)>;

    /// The sink is handed whole lines, first that of the names.
    /// \throws std::invalid_argument when there is no name, or one is empty or given twice.
    CsvWriter(const std::vector<std::string>& names, Sink sink);

    /// The next cell. With its last cell a row is written.
    CsvWriter& number(double value);
    CsvWriter& text(std::string_view value);

  private:
    CsvWriter& put(std::string_view cell);

    Sink sink_;
    std::size_t width_;
    std::size_t cells_ = 0;  ///< of the row that is not complete yet
    std::string line_;
};

}  // namespace lanewise
