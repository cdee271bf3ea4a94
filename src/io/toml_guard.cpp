#include "toml_guard.hpp"

#include <algorithm>

namespace lanewise {

namespace {

constexpr std::string_view beyond_ascii = "only strings and comments can have characters beyond ASCII";

constexpr std::string_view blanks = " \t\n\v\f\r";
constexpr std::string_view ends_of_value = " \t\n\v\f\r],}";

bool is_one_of(char c, std::string_view characters) {
    return characters.find(c) != std::string_view::npos;
}

bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80U;
}

/// Goes through strings, comments and all between them, as far as the text is TOML.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::optional<TomlTrouble> find_trouble() {
        while (at_ < text_.size() && !trouble_) {
            const char c = text_[at_];
            if (is_one_of(c, "\"'")) {
                skip_string();
            } else if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
                dots_ = 0;
                in_number_ = false;
            } else {
                step(c);
            }
        }
        return trouble_;
    }

  private:
    void step(char c) {
        constexpr std::size_t most_dots = 8;
        if (!is_ascii(c)) {
            trouble_ = {at_, beyond_ascii};
        } else if (c == '.' && ++dots_ > most_dots) {
            trouble_ = {at_, "this key has too many parts"};
        }
        if (is_one_of(c, "=,[]{}\n")) dots_ = 0;
        if (is_one_of(c, ends_of_value)) {
            in_number_ = false;
        } else if (is_one_of(c, "0123456789+-")) {
            const char before = at_ == 0 ? '\n' : text_[at_ - 1];
            in_number_ = in_number_ || is_one_of(before, ends_of_value) || is_one_of(before, "=[{");
        }
        ++at_;
    }

    void skip_string() {
        const char quote = text_[at_];
        const bool has_many_lines = quotes(quote) >= 3;
        at_ += has_many_lines ? 3 : 1;
        while (at_ < text_.size() && !trouble_) {
            const char c = text_[at_];
            if (quote == '"' && c == '\\') {
                skip_escape();
            } else if (has_many_lines && quotes(quote) >= 3) {
                at_ += quotes(quote);  // two of them can belong to the string
                return;
            } else {
                if (in_number_ && !is_ascii(c)) trouble_ = {at_, beyond_ascii};
                ++at_;
                if (!has_many_lines && (c == quote || c == '\n')) return;
            }
        }
    }

    void skip_escape() {
        const std::size_t next = first_not_of(blanks, at_ + 1);
        if (next < text_.size() && !is_ascii(text_[next]))
            trouble_ = {next, "this character cannot follow a backslash"};
        at_ += 2;
    }

    /// How many of them come next, up to five.
    std::size_t quotes(char quote) const {
        const std::string_view next = text_.substr(at_, 5);
        return std::min(next.find_first_not_of(quote), next.size());
    }

    std::size_t first_not_of(std::string_view characters, std::size_t begin) const {
        return std::min(text_.find_first_not_of(characters, begin), text_.size());
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t dots_ = 0;    ///< of the key
    bool in_number_ = false;  ///< toml++ looks to the end of what begins like one, whatever comes
    std::optional<TomlTrouble> trouble_;
};

}  // namespace

std::optional<TomlTrouble> find_toml_trouble(std::string_view text) {
    return Scanner(text).find_trouble();
}

}  // namespace lanewise
