#include "part_line.hpp"

#include <fmt/format.h>

#include <charconv>

namespace lanewise {

namespace {

/// Takes words and numbers from the front of a text.
class Words {
  public:
    explicit Words(std::string_view text) : text_(text) {}

    bool take(std::string_view word) {
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    /// With all that is before it.
    bool take_up_to(std::string_view word) {
        text_.remove_prefix(std::min(text_.find(word), text_.size()));
        return take(word);
    }
    template <class T>
    bool take_number(T& number, int base = 10) {
        const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number, base);
        if (error != std::errc()) return false;
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return true;
    }

  private:
    std::string_view text_;
};

}  // namespace

std::string problems_of(const Part& part, std::size_t problems) {
    const std::uint64_t first = part.first(problems);
    const std::uint64_t last = part.last(problems);
    if (first == last) return "no problems";
    if (first + 1 == last) return fmt::format("problem {}", first);
    return fmt::format("problems {} to {}", first, last - 1);
}

std::string to_text(const PartLine& line, std::string_view command) {
    return fmt::format("{}{}, part {} of {}, {} of {}{}, of {:016x}\n", mark_of_part, command,
                       line.part.number, line.part.of, problems_of(line.part, line.problems), line.problems,
                       line.stopped == 0 ? "" : fmt::format(", {} stopped", line.stopped), line.digest);
}

std::optional<PartLine> read_part_line(std::string_view text) {
    PartLine line{};
    Words words(text);
    if (!words.take(mark_of_part)) return {};
    const std::string_view command = text.substr(mark_of_part.size(), text.find(',') - mark_of_part.size());
    if (!words.take_up_to(", part ") || !words.take_number(line.part.number) || !words.take(" of ") ||
        !words.take_number(line.part.of) || line.part.number < 1 || line.part.number > line.part.of ||
        line.part.of > most_parts)
        return {};
    if (!words.take_up_to(" of ") || !words.take_number(line.problems) || !words.take(", ")) return {};
    if (words.take_number(line.stopped) && !words.take(" stopped, ")) return {};
    if (!words.take("of ") || !words.take_number(line.digest, 16)) return {};
    // What is said twice agrees, and nothing else is said.
    if (to_text(line, command) != text) return {};
    return line;
}

}  // namespace lanewise
