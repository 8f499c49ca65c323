/* What QuickJS writes of a module, octet by octet, and what each of them is. */
#include "packing.h"

#include "streams.h"

static void text(struct walk *walk)
{
	const uint32_t length = number(walk, TEXT_LENGTH);
	/* The lowest bit is set where a character takes two octets. */
	octets(walk, TEXT, (length >> 1) << (length & 1));
}

#define SHORT_OPCODES 1

enum format {
#define FMT(name) IS_##name,
#include "quickjs-opcode.h"
};

/* The engine's own table, less what is never written. */
static const struct {
	uint8_t length, format;
} opcodes[] = {
#define def(name, length, n_pop, n_push, format)
#define DEF(name, length, n_pop, n_push, format) {length, IS_##format},
#include "quickjs-opcode.h"
};

/* The first operand of each format; others follow as they are. */
static const struct {
	uint8_t kind, bytes;
	bool has_sign;
} operands[] = {
	[IS_u8] = {OTHER, 1, false},
	[IS_i8] = {OTHER, 1, false},
	[IS_u16] = {OTHER, 2, false},
	[IS_i16] = {OTHER, 2, true},
	[IS_u32] = {OTHER, 4, false},
	[IS_i32] = {OTHER, 4, true},
	[IS_npop] = {PASSED, 2, false},
	[IS_npop_u16] = {PASSED, 2, false},
	[IS_loc] = {VARIABLE, 2, false},
	[IS_arg] = {VARIABLE, 2, false},
	[IS_loc8] = {VARIABLE, 1, false},
	[IS_var_ref] = {CAPTURE, 2, false},
	[IS_const] = {CONSTANT, 4, false},
	[IS_const8] = {CONSTANT, 1, false},
	[IS_label8] = {LABEL, 1, false},
	[IS_label16] = {LABEL, 2, true},
	[IS_label] = {LABEL, 4, true},
	[IS_atom] = {ATOM, 4, false},
	[IS_atom_u8] = {ATOM, 4, false},
	[IS_atom_u16] = {ATOM, 4, false},
	[IS_atom_label_u8] = {ATOM, 4, false},
	[IS_label_u16] = {LABEL, 4, true},
};

static void code(struct walk *walk, uint32_t length)
{
	while (length > 0 && !walk->broken) {
		const uint8_t opcode = octet(walk, OPCODE);
		if (opcode >= sizeof(opcodes) / sizeof(opcodes[0]) || opcodes[opcode].length > length) {
			walk->broken = true;
			return;
		}
		const int bytes = operands[opcodes[opcode].format].bytes;
		if (bytes > 0) {
			operand(walk, operands[opcodes[opcode].format].kind, bytes, operands[opcodes[opcode].format].has_sign);
			octets(walk, OTHER, (uint32_t)(opcodes[opcode].length - 1 - bytes));
		}
		length -= opcodes[opcode].length;
	}
}

static void value(struct walk *walk);

static void function(struct walk *walk)
{
	octets(walk, FLAGS, 2);
	/* Modules are strict. */
	always(walk, 1);
	number(walk, NAME);
	number(walk, ARGUMENTS);
	number(walk, VARIABLES);
	number(walk, NEEDED_ARGUMENTS);
	number(walk, STACK);
	const uint32_t captures = number(walk, CAPTURES);
	const uint32_t constants = number(walk, CONSTANTS);
	const uint32_t length = number(walk, CODE_LENGTH);
	/* Variables have no names. */
	always(walk, 0);
	for (uint32_t i = 0; i < captures && !walk->broken; i++) {
		always(walk, 0);
		number(walk, CAPTURED);
		octet(walk, CAPTURED_FLAGS);
	}
	code(walk, length);
	for (uint32_t i = 0; i < constants && !walk->broken; i++) value(walk);
}

static void numbers(struct walk *walk, uint32_t count)
{
	while (count-- > 0 && !walk->broken) number(walk, NUMBER);
}

static void module(struct walk *walk)
{
	number(walk, NUMBER);
	/* What it imports from. */
	numbers(walk, number(walk, NUMBER));
	/* What it exports: of its own, or of another's. */
	for (uint32_t count = number(walk, NUMBER); count > 0 && !walk->broken; count--)
		numbers(walk, octet(walk, NUMBER) == 0 ? 2 : 3);
	numbers(walk, number(walk, NUMBER));
	for (uint32_t count = number(walk, NUMBER); count > 0 && !walk->broken; count--) numbers(walk, 3);
	/* Whether it awaits something. */
	octet(walk, NUMBER);
	value(walk);
}

/* What JS_WriteObject puts before a value, as far as constants of functions go. */
enum tag { NOTHING = 1, UNDEFINED, FALSE_VALUE, TRUE_VALUE, WHOLE, FRACTION, STRING, BIG_NUMBER = 10, FUNCTION = 12, MODULE };

static void value(struct walk *walk)
{
	switch (octet(walk, TAG)) {
	case NOTHING:
	case UNDEFINED:
	case FALSE_VALUE:
	case TRUE_VALUE: return;
	case WHOLE: number(walk, NUMBER); return;
	case FRACTION: octets(walk, NUMBER, 8); return;
	case STRING: text(walk); return;
	case BIG_NUMBER: octets(walk, NUMBER, number(walk, NUMBER)); return;
	case FUNCTION: function(walk); return;
	case MODULE: module(walk); return;
	default: walk->broken = true;
	}
}

void walk_through(struct walk *walk)
{
	/* The engine's version of what it writes; then all texts that the code has as atoms. */
	octet(walk, NUMBER);
	for (uint32_t count = number(walk, NUMBER); count > 0 && !walk->broken; count--) text(walk);
	value(walk);
}

/* First come the length of the whole and those of the streams. */
static bool begin(struct walk *walk, const uint8_t *packed, size_t length)
{
	struct octets from = {(uint8_t *)packed, (uint8_t *)packed + length};
	size_t lengths[KINDS];
	take_number(walk, &from);
	for (int kind = 0; kind < KINDS; kind++) lengths[kind] = take_number(walk, &from);
	for (int kind = 0; kind < KINDS; kind++) {
		if (lengths[kind] > (size_t)(from.end - from.at)) return false;
		walk->streams[kind] = (struct octets){from.at, from.at + lengths[kind]};
		from.at += lengths[kind];
	}
	return !walk->broken;
}

size_t unpacked_length(const uint8_t *packed, size_t length)
{
	struct walk walk = {.broken = false};
	struct octets from = {(uint8_t *)packed, (uint8_t *)packed + length};
	const uint32_t whole_length = take_number(&walk, &from);
	return walk.broken ? 0 : whole_length;
}

bool unpack(const uint8_t *packed, size_t length, uint8_t *whole)
{
	struct walk walk = {.whole = {whole, whole + unpacked_length(packed, length)}};
	if (!begin(&walk, packed, length)) return false;
	walk_through(&walk);
	return !walk.broken && walk.whole.at == walk.whole.end;
}
