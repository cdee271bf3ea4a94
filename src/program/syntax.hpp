// The text of an expression, understood: a postfix sequence for a stack machine, without names resolved.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lanewise {

/// One step of the stack machine that builds the graph; see translate.cpp.
struct Token {
    enum class Kind {
        number,      ///< push `number`
        name,        ///< push the value of `name`
        index,       ///< pop i, push element i of the vector `name`
        prefix,      ///< pop one, push `name` of it: "-", "not"
        infix,       ///< pop two, push `name` of them: "+", "^", "<=", "and", ...
        call,        ///< pop `count` arguments, push the function `name` of them
        length,      ///< push the length of the vector `name`
        loop_begin,  ///< pop last and first; run up to `match` for each integer; `name` is the loop's
                     ///< variable
        loop_end,    ///< pop the body's value; `match` is the loop's begin
        rows_begin,  ///< columns are known up to the matching end
        rows_end,    ///< pop the body's value, push its sum over the rows
        define,      ///< pop, remember as `name` to the end of the innermost loop's body
    };
    Kind kind;
    std::size_t position;  ///< byte offset into the text
    std::string name = {};
    double number = 0;
    std::size_t count = 0;
    std::size_t match = 0;
    std::array<std::size_t, 2> bounds = {};  ///< loop_begin: positions of first and last
    bool product = false;                    ///< loop: prod rather than sum
};

/// Deepest nesting of brackets, calls and signs.
inline constexpr std::size_t deepest_nesting = 200;

/// \throws ParseError
std::vector<Token> parse(std::string_view text);

}  // namespace lanewise
