#include "spot.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lanewise {

namespace {

/// UTF-8: the bytes of a character but its first.
bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t characters(std::string_view text) {
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues_character));
}

}  // namespace

std::string show_spot(std::string_view origin, std::string_view text, std::size_t position,
                      std::string_view message) {
    position = std::min(position, text.size());
    const std::size_t before = text.substr(0, position).rfind('\n');
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find('\n', position), text.size());
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n') + 1;
    const std::size_t column = position - begin;

    // Long lines are shown around the spot only.
    constexpr std::size_t widest = 100;
    std::size_t first = column > widest / 2 ? begin + column - widest / 2 : begin;
    while (first < position && continues_character(text[first])) ++first;
    std::size_t last = std::min(end, first + widest);
    while (last < end && continues_character(text[last])) ++last;
    std::string shown(text.substr(first, last - first));
    std::ranges::replace_if(
        shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; }, ' ');
    return fmt::format("{}, line {}, column {}: {}\n  {}\n  {:>{}}", origin, line,
                       characters(text.substr(begin, column)) + 1, message, shown, '^',
                       characters(text.substr(first, position - first)) + 1);
}

}  // namespace lanewise
