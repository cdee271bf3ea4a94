/// A formula: an objective as it is written down.
#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lanewise {

/// Constants of a formula, by name.
using Parameters = std::map<std::string, double>;

struct Formula {
    std::string expression;
    Parameters parameters;
    /// The data that it reads and its tables, told apart from others: "1000 rows, digest 0123456789abcdef";
    /// empty where it has none.
    std::string data = {};
};

/// An expression that cannot be understood. what() shows the line with a caret under the spot and says what
/// was expected.
class ParseError : public std::invalid_argument {
  public:
    /// `origin` is what what() calls the text.
    ParseError(std::string_view text, std::size_t position, std::string_view message,
               std::string_view origin = "expression");
    std::size_t position() const noexcept { return position_; }       ///< byte offset into the text
    const std::string& message() const noexcept { return message_; }  ///< without the place

  private:
    std::size_t position_;
    std::string message_;
};

/// The number that an expression of numbers stands for, as in "2*pi" or "-1/3": what it is in a formula, to
/// the bit. \throws ParseError when it cannot be understood or has a name that is not the language's.
double parse_constant(std::string_view text);

}  // namespace lanewise
