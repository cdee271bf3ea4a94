#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "csv_lines.hpp"
#include "lanewise/io.hpp"
#include "values.hpp"

namespace lanewise {

namespace {

using Fields = std::vector<std::string_view>;

class Reader {
  public:
    Reader(std::string_view text, const Box& box, std::string_view origin)
        : lines_(text, origin), box_(&box), origin_(origin) {}

    std::vector<std::vector<double>> read() {
        bool is_first = true;
        Fields fields;
        for (std::vector<CsvCell> cells; lines_.next(cells); is_first = false) {
            fields.clear();
            for (const CsvCell& cell : cells) fields.push_back(trim(cell.text));
            if (!is_first || !read_header(fields)) read_point(fields);
        }
        if (points_.empty()) throw std::invalid_argument(fmt::format("{}: no point in it", origin_));
        return std::move(points_);
    }

  private:
    /// False when the line is a point: a header has no number.
    bool read_header(const Fields& fields) {
        columns_ = fields.size();
        if (std::ranges::any_of(fields,
                                [](std::string_view field) { return read_number(field).has_value(); })) {
            if (fields.size() != box_->dimension())
                lines_.fail(
                    fmt::format("{} numbers, separated by {}; the box has {} coordinates. With a header that "
                                "names them, there can be other columns",
                                fields.size(), lines_.separator(), box_->dimension()));
            for (std::size_t j = 0; j < fields.size(); ++j) column_of_.push_back(j);
            return false;
        }
        std::vector<std::string> missing;
        for (std::size_t j = 0; j < box_->dimension(); ++j) {
            const std::string name = box_->coordinate_name(j);
            const auto found = std::ranges::find(fields, name);
            if (found == fields.end()) {
                missing.push_back(name);
            } else if (std::find(found + 1, fields.end(), name) != fields.end()) {
                lines_.fail(fmt::format("there are two columns '{}'", name));
            }
            column_of_.push_back(static_cast<std::size_t>(found - fields.begin()));
        }
        if (!missing.empty())
            lines_.fail(fmt::format("no column {}; the columns, separated by {}, are {}",
                                    listed(Fields(missing.begin(), missing.end())), lines_.separator(),
                                    listed(fields)));
        return true;
    }

    void read_point(const Fields& fields) {
        if (fields.size() != columns_)
            lines_.fail(fmt::format("{} columns, separated by {}; the first line has {}", fields.size(),
                                    lines_.separator(), columns_));
        std::vector<double>& point = points_.emplace_back();
        for (const std::size_t column : column_of_) {
            const std::optional<double> value = read_number(fields[column]);
            if (!value || !std::isfinite(*value))
                lines_.fail(fmt::format("'{}' is not a finite number; columns are separated by {}",
                                        fields[column], lines_.separator()));
            point.push_back(*value);
        }
    }

    CsvLines lines_;
    const Box* box_;
    std::string_view origin_;
    std::size_t columns_ = 0;
    std::vector<std::size_t> column_of_;  ///< by coordinate
    std::vector<std::vector<double>> points_;
};

}  // namespace

std::vector<std::vector<double>> parse_starts_csv(std::string_view text, const Box& box,
                                                  std::string_view origin) {
    return Reader(text, box, origin).read();
}

}  // namespace lanewise
