#include "body.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lanewise::machine {

namespace {

using kernels::index_mask;
using kernels::operand_count;
using kernels::space_shift;

constexpr std::uint32_t not_read = 0;

bool is_sum(Opcode op) {
    return op == Opcode::sum_rows || op == Opcode::sum_products;
}

/// Calls `visit` with the rows an instruction reads.
template <class Visit>
void visit_reads(const kernels::Instruction& i, Visit visit) {
    const std::uint32_t operands[] = {i.a, i.b, i.c, i.d};
    const int count = i.op == Opcode::twins ? 4 : operand_count(i.op);
    for (int s = 0; s < count; ++s) visit(operands[s]);
    if (is_sum(i.op)) visit(i.to);
}

bool has_two_results(Opcode op) {
    return op == Opcode::twins || op == Opcode::sincos;
}

std::uint32_t second_result(const kernels::Instruction& i) {
    return i.op == Opcode::twins ? i.e : i.b;
}

Op multiply_add(Opcode op) {
    return op == Opcode::fma ? Op::fma : op == Opcode::fms ? Op::fms : Op::fnma;
}

}  // namespace

Body::Body(const Lowered& lowered, std::size_t dimension, Precision precision, CallOf call_of,
           const Rows& rows)
    : lowered_(&lowered),
      precision_(precision),
      call_of_(call_of),
      rows_(rows),
      last_reads_(lowered.instructions.size()) {
    values_[kernels::variable].assign(dimension, no_value);
    values_[kernels::scratch].assign(lowered.registers, no_value);
    values_[kernels::constant].assign(lowered.constants.size(), no_value);
    values_[kernels::gradient].assign(std::max(dimension, lowered.outputs), no_value);
    values_[kernels::value].assign(1, no_value);
    values_[kernels::shared_column].assign(lowered.shared_columns.size(), no_value);
    values_[kernels::lane_column].assign(lowered.lane_columns.size(), no_value);
    values_[kernels::parameter].assign(lowered.parameters.size(), no_value);
    constants_.fill(no_value);
    find_last_reads();
}

void Body::find_last_reads() {
    const auto count = static_cast<std::uint32_t>(lowered_->instructions.size());
    std::vector<std::uint32_t> last_read[kernels::spaces];
    for (std::size_t space = 0; space < kernels::spaces; ++space)
        last_read[space].assign(values_[space].size(), not_read);
    std::ranges::fill(last_read[kernels::gradient], count);
    std::ranges::fill(last_read[kernels::value], count);
    const auto of = [&](std::uint32_t operand) -> std::uint32_t& {
        return last_read[operand >> space_shift][operand & index_mask];
    };
    for (std::uint32_t i = count; i-- > 0;) {
        const kernels::Instruction& instruction = lowered_->instructions[i];
        last_reads_[i][0] = std::exchange(of(instruction.to), not_read);
        if (is_sum(instruction.op)) last_reads_[i][0] = count;  // the next row adds to it
        if (has_two_results(instruction.op))
            last_reads_[i][1] = std::exchange(of(second_result(instruction)), not_read);
        visit_reads(instruction, [&](std::uint32_t operand) {
            if (of(operand) == not_read) of(operand) = i;
        });
    }
}

void Body::write(Listing& listing, std::size_t first, std::size_t last, Lanes lanes) {
    for (const std::uint32_t operand : touched_)
        values_[operand >> space_shift][operand & index_mask] = no_value;
    touched_.clear();
    constants_.fill(no_value);
    piece_end_ = last;
    lanes_ = lanes;
    for (std::size_t i = first; i < last; ++i) write(listing, lowered_->instructions[i], i);
}

void Body::write(Listing& listing, const kernels::Instruction& i, std::size_t index) {
    const auto [last_read, last_read_of_second] = last_reads_[index];
    const auto operand = [&](int s, std::uint32_t row) {
        return s < operand_count(i.op) ? read(listing, row) : no_value;
    };
    if (i.op == Opcode::twins) {
        const ValueId a = read(listing, i.a);
        const ValueId b = read(listing, i.b);
        const ValueId c = read(listing, i.c);
        const ValueId d = read(listing, i.d);
        const ValueId first = listing.add(multiply_add(kernels::twin_first(i.variant)), a, b, c);
        const ValueId second = listing.add(multiply_add(kernels::twin_second(i.variant)), a, b, d);
        define(listing, i.to, first, last_read);
        define(listing, i.e, second, last_read_of_second);
    } else if (i.op == Opcode::sincos) {
        const auto [sine, cosine] = sincos(listing, read(listing, i.a), true, true);
        define(listing, i.to, sine, last_read);
        define(listing, i.b, cosine, last_read_of_second);
    } else if (is_sum(i.op)) {
        define(listing, i.to, add_to_sum(listing, i), last_read);
    } else {
        const ValueId a = operand(0, i.a);
        const ValueId b = operand(1, i.b);
        const ValueId c = operand(2, i.c);
        define(listing, i.to, expand(listing, i.op, a, b, c), last_read);
    }
}

ValueId Body::add_to_sum(Listing& listing, const kernels::Instruction& i) {
    const ValueId a = read(listing, i.a);
    const ValueId sum = read(listing, i.to);
    const ValueId more = i.op == Opcode::sum_rows ? listing.add(Op::add, sum, a)
                                                  : listing.add(Op::fma, a, read(listing, i.b), sum);
    if (lanes_ == Lanes::all) return more;
    const auto has_row = static_cast<std::uint32_t>(lowered_->lane_columns.size());
    const ValueId is_out =
        listing.add(Op::equal, listing.at({Base::lane_column, has_row}), constant(listing, Constant::zero));
    return listing.add(Op::blend, is_out, sum, more);
}

ValueId Body::constant(Listing& listing, Constant which) {
    const auto index = static_cast<std::size_t>(which);
    if (constants_[index] == no_value)
        constants_[index] = listing.at({Base::pool, static_cast<std::uint32_t>(index)});
    return constants_[index];
}

ValueId Body::read(Listing& listing, std::uint32_t operand) {
    ValueId& value = values_[operand >> space_shift][operand & index_mask];
    if (value == no_value) {
        value = listing.at(place(operand));
        touched_.push_back(operand);
    }
    return value;
}

void Body::define(Listing& listing, std::uint32_t operand, ValueId result, std::uint32_t last_read) {
    ValueId& value = values_[operand >> space_shift][operand & index_mask];
    if (value == no_value) touched_.push_back(operand);
    value = result;
    if (!is_live_after(last_read)) return;
    listing.store(result, place(operand));
    if (fault_ != no_value && operand >> space_shift == kernels::gradient)
        fault_ = listing.add(Op::fma, constant(listing, Constant::zero), result, fault_);
}

void Body::watch_faults(Listing& listing) {
    fault_ = listing.at({Base::pool, static_cast<std::uint32_t>(Constant::zero)});
}

Place Body::place(std::uint32_t operand) const {
    const std::uint32_t index = operand & index_mask;
    switch (operand >> space_shift) {
        case kernels::variable: return {rows_.x_base, index};
        case kernels::scratch: return {Base::scratch, index};
        case kernels::constant: return {Base::pool, static_cast<std::uint32_t>(fixed_constants) + index};
        case kernels::gradient: return {rows_.gradient_base, rows_.gradient_first + index};
        case kernels::shared_column: return {Base::shared_column, index};
        case kernels::lane_column: return {Base::lane_column, index};
        case kernels::parameter: return {Base::parameter, index};
        default: return rows_.value;
    }
}

/// As kernels/sincos.hpp has it.
std::array<ValueId, 2> Body::sincos(Listing& listing, ValueId x, bool sine, bool cosine) {
    if (precision_ == Precision::f32) {
        if (sine && cosine) return listing.call_sincos(call_of_(Opcode::sincos), x);
        const ValueId result = listing.call(call_of_(sine ? Opcode::sin : Opcode::cos), x);
        return {result, result};
    }
    const auto number = [&](Constant which) { return constant(listing, which); };
    const auto add = [&](Op what, ValueId a, ValueId b, ValueId c = no_value) {
        return listing.add(what, a, b, c);
    };
    using enum Constant;
    const ValueId shifted = add(Op::fma, x, number(sincos_two_over_pi), number(sincos_round_to_integer));
    const ValueId k = add(Op::sub, shifted, number(sincos_round_to_integer));
    ValueId r = x;
    for (const Constant part : {sincos_half_pi_1, sincos_half_pi_2, sincos_half_pi_3})
        r = add(Op::fnma, k, number(part), r);
    const ValueId z = add(Op::mul, r, r);

    ValueId s = add(Op::fma, z, number(sincos_s6), number(sincos_s5));
    for (const Constant next : {sincos_s4, sincos_s3, sincos_s2, sincos_s1})
        s = add(Op::fma, z, s, number(next));
    const ValueId sign_of_r = add(Op::bit_and, r, number(sign_bit));
    s = add(Op::bit_or, add(Op::fma, add(Op::mul, r, z), s, r), sign_of_r);

    ValueId c = add(Op::fma, z, number(sincos_c6), number(sincos_c5));
    for (const Constant next : {sincos_c4, sincos_c3, sincos_c2, sincos_c1})
        c = add(Op::fma, z, c, number(next));
    const ValueId first_terms = add(Op::fma, z, number(sincos_minus_half), number(one));
    c = add(Op::fma, add(Op::mul, z, z), c, first_terms);

    // The low bits of k say in which quarter of the circle x is.
    const ValueId low_bit = listing.shift_left(shifted, 63);
    const ValueId next_bit = listing.shift_left(shifted, 62);
    const ValueId odd = add(Op::less, add(Op::bit_or, low_bit, number(one)), number(zero));
    const ValueId far = add(Op::less, number(sincos_limit), add(Op::bit_and_not, number(sign_bit), x));
    const auto finish = [&](Opcode op, ValueId if_odd, ValueId if_even, ValueId turned) {
        const ValueId sign = add(Op::bit_and, turned, number(sign_bit));
        const ValueId near = add(Op::bit_xor, add(Op::blend, odd, if_odd, if_even), sign);
        return listing.call_if_any(call_of_(op), near, far, x);
    };
    std::array<ValueId, 2> both = {no_value, no_value};
    if (sine) both[0] = finish(Opcode::sin, c, s, next_bit);
    if (cosine) both[1] = finish(Opcode::cos, s, c, add(Op::bit_xor, next_bit, low_bit));
    return both;
}

/// As operations.hpp has it.
ValueId Body::expand(Listing& listing, Opcode op, ValueId a, ValueId b, ValueId c) {
    const auto number = [&](Constant which) { return constant(listing, which); };
    const auto add = [&](Op what, ValueId x, ValueId y = no_value, ValueId z = no_value) {
        return listing.add(what, x, y, z);
    };
    const auto one_where = [&](ValueId mask) { return add(Op::bit_and, mask, number(Constant::one)); };
    const auto one_unless = [&](ValueId mask) { return add(Op::bit_and_not, mask, number(Constant::one)); };
    const auto is_zero = [&](ValueId x) { return add(Op::equal, x, number(Constant::zero)); };
    const auto unless_nan = [&](ValueId x, ValueId result) {
        return add(Op::blend, add(Op::unordered, x, x), x, result);
    };
    switch (op) {
        case Opcode::copy: return add(Op::bit_or, a, a);  // a value of its own: the row of a may change
        case Opcode::neg: return add(Op::bit_xor, a, number(Constant::sign_bit));
        case Opcode::add: return add(Op::add, a, b);
        case Opcode::sub: return add(Op::sub, a, b);
        case Opcode::mul: return add(Op::mul, a, b);
        case Opcode::div: return add(Op::div, a, b);
        case Opcode::fma:
        case Opcode::fms:
        case Opcode::fnma: return add(multiply_add(op), a, b, c);
        case Opcode::sqrt: return add(Op::sqrt, a);
        case Opcode::abs: return add(Op::bit_and_not, number(Constant::sign_bit), a);
        case Opcode::sign: {
            const ValueId zero = number(Constant::zero);
            const ValueId above = add(Op::bit_and, add(Op::less, zero, a), number(Constant::one));
            const ValueId below = add(Op::bit_and, add(Op::less, a, zero), number(Constant::minus_one));
            return unless_nan(a, add(Op::bit_or, above, below));
        }
        case Opcode::floor: return add(Op::floor, a);
        case Opcode::ceil: return add(Op::ceil, a);
        case Opcode::min: return unless_nan(a, add(Op::blend, add(Op::less_or_equal, a, b), a, b));
        case Opcode::max: return unless_nan(a, add(Op::blend, add(Op::less_or_equal, b, a), a, b));
        case Opcode::lt: return one_where(add(Op::less, a, b));
        case Opcode::le: return one_where(add(Op::less_or_equal, a, b));
        case Opcode::eq: return one_where(add(Op::equal, a, b));
        case Opcode::ne: return one_unless(add(Op::equal, a, b));
        case Opcode::logical_and: return one_unless(add(Op::bit_or, is_zero(a), is_zero(b)));
        case Opcode::logical_or: return one_unless(add(Op::bit_and, is_zero(a), is_zero(b)));
        case Opcode::logical_not: return one_where(is_zero(a));
        case Opcode::select: return add(Op::blend, is_zero(a), c, b);
        case Opcode::sin: return sincos(listing, a, true, false)[0];
        case Opcode::cos: return sincos(listing, a, false, true)[1];
        default: break;
    }
    const kernels::Call function = call_of_(op);
    if (function == nullptr) throw std::logic_error("an operation without a function");
    return listing.call(function, a, b);
}

}  // namespace lanewise::machine
