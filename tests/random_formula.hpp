// Random formulas as trees: written as text, recorded as C++, built as a graph.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <random>
#include <string>
#include <vector>

#include "lanewise/lanewise.hpp"
#include "program/graph.hpp"

namespace lanewise::test {

/// A formula, or a part of one.
struct Formula {
    enum class Kind {
        number,      ///< `number`, written as `name` if that is not empty
        coordinate,  ///< of the point, `index`
        element,     ///< of the vector v, `index` says by which loop's variable
        loop_index,  ///< the variable of loop `index`
        shared,      ///< definition `index`
        prefix,      ///< `name` is "-" or "not"
        infix,       ///< `name` as in the language
        call,        ///< `name` as in the language
        loop,        ///< `name` is "sum" or "prod"; `index` names its variable; from `first` to `last`; the
                     ///< parts are its definitions, from `first_definition` on, and its body
    };
    Kind kind = Kind::number;
    std::string name = {};
    double number = 0;
    std::uint32_t index = 0;
    int first = 0;
    int last = 0;
    std::uint32_t first_definition = 0;
    std::vector<Formula> parts = {};
};

/// An objective with the definitions it uses.
struct RandomFormula {
    std::vector<Formula> definitions = {};  ///< each may use those before it
    Formula objective = {};
    std::uint64_t seed = 0;  ///< of how it is written and of the points it is tried at
};

/// What all random formulas are functions of: x, y and v[3], with a parameter p.
const Box& formula_box();
const Parameters& formula_parameters();

/// A formula of about `operations` operations. Typed ones have conditions only where one is called for, as
/// C++ has.
RandomFormula random_formula(std::uint64_t seed, int operations, bool typed);

/// The same without definitions: each is written where it was named.
RandomFormula written_out(const RandomFormula& formula);

/// Smaller formulas to try in its place when it fails.
std::vector<RandomFormula> smaller(const RandomFormula& formula);

/// With as few brackets as the language needs, and whatever blanks and comments it allows.
std::string as_text(const RandomFormula& formula);
/// With brackets around everything.
std::string in_brackets(const RandomFormula& formula);
/// The same through operators and functions of Traced; for typed formulas.
Program traced(const RandomFormula& formula);

/// A graph as it was written, without constants: each is a variable beyond the dimension of the box.
struct WrittenGraph {
    Graph graph{Rewriting::none};
    NodeId value = 0;
    std::vector<double> constants = {};  ///< the values of those variables
};
WrittenGraph as_graph(const RandomFormula& formula);

std::ostream& operator<<(std::ostream& out, const RandomFormula& formula);

}  // namespace lanewise::test
