#include "near.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace lanewise {

namespace {

/// Small letters without '-' and '_'.
std::string plain(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c != '-' && c != '_') text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

/// How many slips make one text of the other, where no character is part of two (optimal string alignment).
std::size_t slips(std::string_view a, std::string_view b) {
    std::vector<std::size_t> two_above(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(two_above, above);
        std::swap(above, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], two_above[j - 2] + 1);
        }
    }
    return row[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view name, const std::vector<std::string_view>& known) {
    constexpr std::size_t longest = 40;
    constexpr std::size_t shortest_beginning = 3;
    const std::string wanted = plain(name);
    if (wanted.empty() || wanted.size() > longest) return {};
    std::optional<std::string_view> best;
    std::optional<std::string_view> beginning;
    std::size_t beginnings = 0;
    std::size_t fewest = wanted.size() / 3 + 1;
    for (const std::string_view candidate : known) {
        const std::string text = plain(candidate);
        if (text == wanted) return candidate;
        if (wanted.size() >= shortest_beginning && text.starts_with(wanted)) {
            beginning = candidate;
            ++beginnings;
        }
        if (text.size() > wanted.size() + fewest) continue;
        const std::size_t count = slips(wanted, text);
        if (count < fewest) {
            fewest = count;
            best = candidate;
        }
    }
    return beginnings == 1 ? beginning : best;
}

std::string did_you_mean(std::string_view what, std::string_view name, std::string_view meant) {
    return fmt::format("unknown {} '{}'; did you mean '{}'?", what, name, meant);
}

std::string unknown(std::string_view what, std::string_view name,
                    const std::vector<std::string_view>& known) {
    if (const auto meant = nearest(name, known)) return did_you_mean(what, name, *meant);
    return fmt::format("unknown {} '{}'; known: {}", what, name, fmt::join(known, ", "));
}

}  // namespace lanewise
