#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "lanewise/io.hpp"

namespace lanewise {

namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\"";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.push_back(text);
    return parts;
}

std::optional<double> number(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return value;
}

[[noreturn]] void fail(std::size_t line, const std::string& what) {
    throw std::invalid_argument(fmt::format("starts file, line {}: {}", line, what));
}

void check_header(std::size_t line, const std::vector<std::string_view>& fields, const Box& box) {
    if (fields.size() != box.dimension())
        fail(line, fmt::format("{} columns; the box has {} coordinates", fields.size(), box.dimension()));
    for (std::size_t j = 0; j < fields.size(); ++j) {
        if (trim(fields[j]) != box.coordinate_name(j))
            fail(line, fmt::format("column {} is '{}'; '{}' is expected there", j + 1, trim(fields[j]),
                                   box.coordinate_name(j)));
    }
}

}  // namespace

std::vector<std::vector<double>> parse_starts_csv(std::string_view text, const Box& box) {
    std::vector<std::vector<double>> starts;
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    std::size_t line_number = 0;
    bool header_possible = true;
    for (const std::string_view raw : split(text, '\n')) {
        ++line_number;
        const std::string_view line = trim(raw);
        if (line.empty() || line.front() == '#') continue;
        const std::vector<std::string_view> fields = split(line, ',');
        if (header_possible && !number(trim(fields.front()))) {
            check_header(line_number, fields, box);
            header_possible = false;
            continue;
        }
        header_possible = false;
        if (fields.size() != box.dimension())
            fail(line_number,
                 fmt::format("{} numbers; the box has {} coordinates", fields.size(), box.dimension()));
        std::vector<double>& point = starts.emplace_back();
        for (const std::string_view field : fields) {
            const std::optional<double> value = number(trim(field));
            if (!value || !std::isfinite(*value))
                fail(line_number, fmt::format("'{}' is not a finite number", trim(field)));
            point.push_back(*value);
        }
    }
    if (starts.empty()) throw std::invalid_argument("starts file: no start in it");
    return starts;
}

}  // namespace lanewise
