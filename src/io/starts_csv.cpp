#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "lanewise/io.hpp"

namespace lanewise {

namespace {

using Fields = std::vector<std::string_view>;

std::string_view trim(std::string_view text, std::string_view what) {
    const std::size_t begin = text.find_first_not_of(what);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(what) - begin + 1);
}

std::string_view without_blanks(std::string_view line) {
    return trim(line, " \t\r");
}

Fields split(std::string_view text, char separator) {
    Fields parts;
    for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.push_back(text);
    return parts;
}

/// What stands between the columns: the first of these that the line has. Blanks separate where nothing else
/// does, however many they are.
char separator_of(std::string_view line) {
    for (const char separator : {';', ',', '\t'}) {
        if (line.find(separator) != std::string_view::npos) return separator;
    }
    return ' ';
}

std::string_view name_of_separator(char separator) {
    switch (separator) {
        case ';': return "';'";
        case ',': return "','";
        case '\t': return "tabs";
        default: return "blanks";
    }
}

Fields fields_of(std::string_view line, char separator) {
    Fields fields = split(line, separator);
    for (std::string_view& field : fields) field = trim(field, " \t\r\"");
    if (separator == ' ') std::erase(fields, std::string_view{});
    return fields;
}

std::optional<double> number(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return value;
}

class Reader {
  public:
    Reader(const Box& box, std::string_view origin) : box_(&box), origin_(origin) {}

    std::vector<std::vector<double>> read(std::string_view text) {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
        bool is_first = true;
        for (const std::string_view raw : split(text, '\n')) {
            ++line_;
            const std::string_view line = without_blanks(raw);
            if (line.empty() || line.front() == '#') continue;
            if (is_first) separator_ = separator_of(line);
            // Separators at the ends of a line have empty fields beside them, if they are no blanks.
            const Fields fields = fields_of(separator_ == '\t' ? trim(raw, "\r") : line, separator_);
            if (!is_first || !read_header(fields)) read_point(fields);
            is_first = false;
        }
        if (points_.empty()) throw std::invalid_argument(fmt::format("{}: no point in it", origin_));
        return std::move(points_);
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        throw std::invalid_argument(fmt::format("{}, line {}: {}", origin_, line_, what));
    }

    /// False when the line is a point: a header has no number.
    bool read_header(const Fields& fields) {
        columns_ = fields.size();
        if (std::ranges::any_of(fields, [](std::string_view field) { return number(field).has_value(); })) {
            if (fields.size() != box_->dimension())
                fail(
                    fmt::format("{} numbers, separated by {}; the box has {} coordinates. With a header that "
                                "names them, there can be other columns",
                                fields.size(), name_of_separator(separator_), box_->dimension()));
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
                fail(fmt::format("there are two columns '{}'", name));
            }
            column_of_.push_back(static_cast<std::size_t>(found - fields.begin()));
        }
        if (!missing.empty())
            fail(fmt::format("no column {}; the columns, separated by {}, are {}", listed(missing),
                             name_of_separator(separator_), listed(fields)));
        return true;
    }

    void read_point(const Fields& fields) {
        if (fields.size() != columns_)
            fail(fmt::format("{} columns, separated by {}; the first line has {}", fields.size(),
                             name_of_separator(separator_), columns_));
        std::vector<double>& point = points_.emplace_back();
        for (const std::size_t column : column_of_) {
            const std::optional<double> value = number(fields[column]);
            if (!value || !std::isfinite(*value))
                fail(fmt::format("'{}' is not a finite number; columns are separated by {}", fields[column],
                                 name_of_separator(separator_)));
            point.push_back(*value);
        }
    }

    template <class Names>
    static std::string listed(const Names& names) {
        constexpr std::size_t most = 10;
        std::string list;
        for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
            list += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
        return names.size() > most ? fmt::format("{} and {} more", list, names.size() - most) : list;
    }

    const Box* box_;
    std::string_view origin_;
    std::size_t line_ = 0;
    char separator_ = ',';
    std::size_t columns_ = 0;
    std::vector<std::size_t> column_of_;  ///< by coordinate
    std::vector<std::vector<double>> points_;
};

}  // namespace

std::vector<std::vector<double>> parse_starts_csv(std::string_view text, const Box& box,
                                                  std::string_view origin) {
    return Reader(box, origin).read(text);
}

}  // namespace lanewise
