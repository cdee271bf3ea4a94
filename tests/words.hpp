// The words that an option may be, and whether a text shows them.
#pragma once

#include <cctype>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/problem.hpp"

namespace lanewise::test {

/// As the refusal of another word lists them. None of an option that may be many things, or on or off.
inline std::vector<std::string> words_of(std::string_view option,
                                         void (*set)(Problem&, std::string_view,
                                                     std::string_view) = set_option) {
    std::string message;
    try {
        Problem problem;
        set(problem, option, "?");
    } catch (const std::invalid_argument& error) {
        message = error.what();
    }
    std::vector<std::string> words;
    for (const char* list : {"must be one of: ", "available here: "}) {
        const std::size_t begin = message.find(list);
        if (begin == std::string::npos) continue;
        std::string rest = message.substr(begin + std::string_view(list).size()) + ", ";
        for (std::size_t end = 0; (end = rest.find(", ")) != std::string::npos; rest.erase(0, end + 2))
            words.push_back(rest.substr(0, end));
    }
    return words == std::vector<std::string>{"on", "off"} ? std::vector<std::string>{} : words;
}

/// Not as a part of a longer one.
inline bool shows_word(std::string_view text, std::string_view word) {
    const auto is_part = [&](std::size_t at) {
        return at < text.size() &&
               (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '-');
    };
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        if (!is_part(at - 1) && !is_part(at + word.size())) return true;
    }
    return false;
}

}  // namespace lanewise::test
