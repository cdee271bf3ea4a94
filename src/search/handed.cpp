#include "handed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "archive.hpp"
#include "digest.hpp"
#include "lanewise/part.hpp"
#include "state.hpp"

namespace lanewise {

namespace {

constexpr std::string_view mark = "lanewise minima\n";
constexpr std::uint64_t format = 1;

Handed read_handed(std::string_view bytes) {
    const auto require = [](bool holds) {
        if (!holds)
            throw std::invalid_argument("handed: these are not whole the minima that a merge handed out");
    };
    std::uint64_t sum = 0;
    require(bytes.starts_with(mark) && bytes.size() >= mark.size() + sizeof sum);
    const std::string_view body = bytes.substr(mark.size(), bytes.size() - mark.size() - sizeof sum);
    Reader(bytes.substr(bytes.size() - sizeof sum))(sum);
    require(sum == digest(body));
    Reader reader(body);
    std::uint64_t its_format = 0;
    reader(its_format);
    if (its_format != format)
        throw std::invalid_argument(
            fmt::format("handed: has format {}; this version of lanewise reads {}", its_format, format));
    Handed handed{};
    reader(handed);
    require(reader.at_end());
    return handed;
}

bool is_possible(const Parent& parent, const Setting& setting) {
    return std::isfinite(parent.f) && is_in_box(parent.x, *setting.box) &&
           parent.line < setting.starts.to_run().first;
}

}  // namespace

std::size_t round_of(std::size_t part, const Options& options) noexcept {
    std::size_t round = Part{part, options.parts}.first(options.rounds) + 1;
    while (last_part(round, options) < part) ++round;
    return round;
}

std::size_t last_part(std::size_t round, const Options& options) noexcept {
    return Part{round, options.rounds}.last(options.parts);
}

std::string to_bytes(Handed handed) {
    Writer writer;
    writer(format, handed);
    const std::string body = writer.take();
    Writer end;
    end(digest(body));
    return std::string(mark) + body + end.take();
}

void take_handed(Setting& setting) {
    const Options& options = *setting.options;
    if (options.part == 0) return;
    const std::size_t round = round_of(options.part, options);
    if (options.handed.empty() && round > 1)
        throw std::invalid_argument(
            fmt::format("handed: part {} is of round {} of {}, and is handed the minima of those before",
                        options.part, round, options.rounds));
    if (options.handed.empty()) return;
    Handed handed = read_handed(options.handed);
    if (handed.search != search_digest(setting))
        throw std::invalid_argument("handed: these are minima of another search");
    if (handed.round != round)
        throw std::invalid_argument(
            fmt::format("handed: these minima are for parts of round {}; part {} is of round {}",
                        handed.round, options.part, round));
    if (handed.parents.size() > most_parents ||
        !std::ranges::all_of(handed.parents,
                             [&](const Parent& parent) { return is_possible(parent, setting); }))
        throw std::invalid_argument("handed: there are minima that this search cannot have found");
    setting.parents = std::move(handed.parents);
    setting.handed_of = handed.of;
    setting.is_handed = true;
}

}  // namespace lanewise
