// SPDX-License-Identifier: GPL-2.0
/*
 * What a battery on the bus shows of a board. What is unreadable, or stale, has no
 * value there, or one that alarms: it is never shown as good.
 */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "venus.h"

/* Victron's numbers */
#define MODE_ON 3
#define MODE_OFF 4
#define MODE_STANDBY 252
#define STATE_RUNNING 9
#define STATE_ERROR 10
#define STATE_STANDBY 14
#define ALARM_NONE 0
#define ALARM_WARNING 1
#define ALARM_ALARM 2
/* None of the maker's: for some of those the GX has rules of its own. */
#define PRODUCT_ID 0

static const struct {
	const char *path;
	const char *unit;
	int digits;
} items[VENUS_ITEM_COUNT] = {
	[VENUS_PROCESS_NAME] = { "/Mgmt/ProcessName", "", 0 },
	[VENUS_PROCESS_VERSION] = { "/Mgmt/ProcessVersion", "", 0 },
	[VENUS_CONNECTION] = { "/Mgmt/Connection", "", 0 },
	[VENUS_DEVICE_INSTANCE] = { "/DeviceInstance", "", 0 },
	[VENUS_PRODUCT_ID] = { "/ProductId", "", 0 },
	[VENUS_PRODUCT_NAME] = { "/ProductName", "", 0 },
	[VENUS_CUSTOM_NAME] = { "/CustomName", "", 0 },
	[VENUS_FIRMWARE_VERSION] = { "/FirmwareVersion", "", 0 },
	[VENUS_HARDWARE_VERSION] = { "/HardwareVersion", "", 0 },
	[VENUS_CONNECTED] = { "/Connected", "", 0 },
	[VENUS_SOC] = { "/Soc", "%", 1 },
	[VENUS_VOLTAGE] = { "/Dc/0/Voltage", "V", 2 },
	[VENUS_CURRENT] = { "/Dc/0/Current", "A", 1 },
	[VENUS_POWER] = { "/Dc/0/Power", "W", 0 },
	[VENUS_TEMPERATURE] = { "/Dc/0/Temperature", "\u00b0C", 1 },
	[VENUS_TIME_TO_GO] = { "/TimeToGo", "s", 0 },
	[VENUS_CONSUMED] = { "/ConsumedAmphours", "Ah", 1 },
	[VENUS_CAPACITY] = { "/Capacity", "Ah", 1 },
	[VENUS_INSTALLED_CAPACITY] = { "/InstalledCapacity", "Ah", 1 },
	[VENUS_LOW_VOLTAGE] = { "/Alarms/LowVoltage", "", 0 },
	[VENUS_HIGH_VOLTAGE] = { "/Alarms/HighVoltage", "", 0 },
	[VENUS_LOW_CELL_VOLTAGE] = { "/Alarms/LowCellVoltage", "", 0 },
	[VENUS_HIGH_CELL_VOLTAGE] = { "/Alarms/HighCellVoltage", "", 0 },
	[VENUS_LOW_TEMPERATURE] = { "/Alarms/LowTemperature", "", 0 },
	[VENUS_HIGH_TEMPERATURE] = { "/Alarms/HighTemperature", "", 0 },
	[VENUS_LOW_CHARGE_TEMPERATURE] = {
		"/Alarms/LowChargeTemperature", "", 0
	},
	[VENUS_HIGH_CHARGE_TEMPERATURE] = {
		"/Alarms/HighChargeTemperature", "", 0
	},
	[VENUS_INTERNAL_FAILURE] = { "/Alarms/InternalFailure", "", 0 },
	[VENUS_BMS_CABLE] = { "/Alarms/BmsCable", "", 0 },
	[VENUS_ALLOW_TO_CHARGE] = { "/Io/AllowToCharge", "", 0 },
	[VENUS_ALLOW_TO_DISCHARGE] = { "/Io/AllowToDischarge", "", 0 },
	[VENUS_BLOCKING_CHARGE] = {
		"/System/NrOfModulesBlockingCharge", "", 0
	},
	[VENUS_BLOCKING_DISCHARGE] = {
		"/System/NrOfModulesBlockingDischarge", "", 0
	},
	[VENUS_MODE] = { "/Mode", "", 0 },
	[VENUS_STATE_OF_DEVICE] = { "/State", "", 0 },
	[VENUS_MAX_CHARGE_VOLTAGE] = { "/Info/MaxChargeVoltage", "V", 2 },
	[VENUS_MAX_CHARGE_CURRENT] = { "/Info/MaxChargeCurrent", "A", 1 },
	[VENUS_MAX_DISCHARGE_CURRENT] = { "/Info/MaxDischargeCurrent", "A", 1 },
};

const char *venus_path(enum venus_item item)
{
	return items[item].path;
}

/** venus_text - a value as the GX shows it */
void venus_text(enum venus_item item, const struct venus_value *value,
		char *text, size_t size)
{
	switch (value->type) {
	case VENUS_INTEGER:
		snprintf(text, size, "%d%s", value->integer, items[item].unit);
		return;
	case VENUS_REAL:
		snprintf(text, size, "%.*f%s", items[item].digits, value->real,
			 items[item].unit);
		return;
	case VENUS_TEXT:
		snprintf(text, size, "%s", value->text);
		return;
	default:
		snprintf(text, size, "---");
	}
}

bool venus_same(const struct venus_value *a, const struct venus_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VENUS_INTEGER:
		return a->integer == b->integer;
	case VENUS_REAL:
		return a->real == b->real;
	case VENUS_TEXT:
		return !strcmp(a->text, b->text);
	default:
		return true;
	}
}

static void set_integer(struct venus_value *values, enum venus_item item, int integer)
{
	values[item] = (struct venus_value){
		.type = VENUS_INTEGER, .integer = integer
	};
}

/* Rounded to what is shown: what changes by less is no change. */
static void set_real(struct venus_value *values, enum venus_item item, double real)
{
	double scale = pow(10, items[item].digits);

	/* + 0.0: -0.0 becomes 0.0 */
	values[item] = (struct venus_value){
		.type = VENUS_REAL, .real = round(real * scale) / scale + 0.0
	};
}

__printf(3, 4)
static void set_text(struct venus_value *values, enum venus_item item,
		     const char *format, ...)
{
	va_list arguments;

	values[item].type = VENUS_TEXT;
	va_start(arguments, format);
	vsnprintf(values[item].text, sizeof(values[item].text), format, arguments);
	va_end(arguments);
}

static void set_identity(struct venus_value *values, const struct board *board)
{
	set_text(values, VENUS_PROCESS_NAME, "smallbms-venus");
	set_text(values, VENUS_PROCESS_VERSION, "%s", VERSION);
	set_text(values, VENUS_CONNECTION, "smallBMS board %.255s", board->name);
	set_integer(values, VENUS_PRODUCT_ID, PRODUCT_ID);
	set_text(values, VENUS_PRODUCT_NAME, "smallBMS %.255s", board->name);
	set_text(values, VENUS_FIRMWARE_VERSION, "%s", VERSION);
	set_integer(values, VENUS_CONNECTED, 1);
}

static const struct {
	enum attribute_id value;
	enum attribute_id age;
	enum venus_item item;
	double unit;
} measurements[] = {
	{ ATTR_VOLTAGE_NOW, ATTR_VOLTAGE_AGE_S, VENUS_VOLTAGE, 1e6 },
	{ ATTR_CURRENT_NOW, ATTR_CURRENT_AGE_S, VENUS_CURRENT, 1e6 },
	{ ATTR_TEMP, ATTR_TEMPERATURE_AGE_S, VENUS_TEMPERATURE, 10 },
};

/**
 * venus_is_measured - whether the board has measurements, of which the kernel
 *	reports no change
 * @fresh: whether some are fresh
 */
bool venus_is_measured(const struct board *board, bool fresh)
{
	if (!fresh)
		return board_read_ok(board, ATTR_VOLTAGE_AGE_S) ||
		       board_read_ok(board, ATTR_SOC_AGE_S);
	for (size_t i = 0; i < ARRAY_SIZE(measurements); i++)
		if (board_is_measured(board, measurements[i].value,
				      measurements[i].age))
			return true;
	return board_is_fresh(board, ATTR_SOC_AGE_S) ||
	       board_is_fresh(board, ATTR_TIME_TO_EMPTY_AGE_S);
}

/** venus_measure - read again what is measured */
void venus_measure(struct board *board)
{
	for (size_t i = 0; i < ARRAY_SIZE(measurements); i++) {
		board_read_attribute(board, measurements[i].value);
		board_read_attribute(board, measurements[i].age);
	}
	board_read_attribute(board, ATTR_GAUGE_SOC_PERMILLE);
	board_read_attribute(board, ATTR_SOC_AGE_S);
	board_read_attribute(board, ATTR_CAPACITY);
	board_read_attribute(board, ATTR_CAPACITY_ERROR_MARGIN);
	board_read_attribute(board, ATTR_TIME_TO_EMPTY_AVG);
	board_read_attribute(board, ATTR_TIME_TO_EMPTY_AGE_S);
}

static void set_measurements(struct venus_value *values, const struct board *board)
{
	const struct value *full = &board->values[ATTR_CHARGE_FULL_DESIGN];
	double ah = full->error ? 0 : full->number / 1e6;
	long long empty_in_s = board_empty_in(board);
	double soc;

	for (size_t i = 0; i < ARRAY_SIZE(measurements); i++) {
		enum attribute_id id = measurements[i].value;

		if (board_is_measured(board, id, measurements[i].age))
			set_real(values, measurements[i].item,
				 board->values[id].number / measurements[i].unit);
	}
	if (values[VENUS_VOLTAGE].type && values[VENUS_CURRENT].type)
		set_real(values, VENUS_POWER,
			 board->values[ATTR_VOLTAGE_NOW].number / 1e6 *
			 (board->values[ATTR_CURRENT_NOW].number / 1e6));
	if (ah > 0)
		set_real(values, VENUS_INSTALLED_CAPACITY, ah);
	if (empty_in_s >= 0)
		set_integer(values, VENUS_TIME_TO_GO, empty_in_s);
	if (!board_soc(board, &soc))
		return;
	set_real(values, VENUS_SOC, soc);
	if (ah > 0) {
		set_real(values, VENUS_CAPACITY, ah * soc / 100);
		set_real(values, VENUS_CONSUMED, ah * (soc / 100 - 1));
	}
}

static int alarm_if(bool active)
{
	return active ? ALARM_ALARM : ALARM_NONE;
}

/* By the lines. A line that is unreadable counts as active, in the driver. */
static void set_line_alarms(struct venus_value *values, const struct board *board)
{
	static const struct {
		enum venus_item item;
		const char *condition;
	} alarms[] = {
		{ VENUS_HIGH_CELL_VOLTAGE, "cell-overvoltage" },
		{ VENUS_HIGH_TEMPERATURE, "over-temperature" },
		{ VENUS_HIGH_CHARGE_TEMPERATURE, "over-temperature" },
		{ VENUS_LOW_TEMPERATURE, "under-temperature" },
		{ VENUS_LOW_CHARGE_TEMPERATURE, "under-temperature" },
		{ VENUS_BMS_CABLE, "implausible" },
	};

	if (!board_read_ok(board, ATTR_CONDITIONS))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(alarms); i++)
		set_integer(values, alarms[i].item,
			    alarm_if(board_has_condition(board, alarms[i].condition)));
	if (board_has_condition(board, "cell-undervoltage"))
		set_integer(values, VENUS_LOW_CELL_VOLTAGE, ALARM_ALARM);
	else
		set_integer(values, VENUS_LOW_CELL_VOLTAGE,
			    board_has_condition(board, "cell-low") ?
			    ALARM_WARNING : ALARM_NONE);
}

/* By what the board does about it, which outlasts the lines */
static void set_voltage_alarms(struct venus_value *values, const struct board *board)
{
	const struct value *alarm = &board->values[ATTR_ALARM];

	if (!alarm->error && alarm->number > ALARM_WARNING)
		set_integer(values, VENUS_LOW_VOLTAGE, ALARM_ALARM);
	else if (!alarm->error && board_read_ok(board, ATTR_CONDITIONS))
		/* The pre-alarm of a shed is none of the bank. */
		set_integer(values, VENUS_LOW_VOLTAGE,
			    alarm->number && board_is_low(board) ?
			    ALARM_WARNING : ALARM_NONE);
	if (board_read_ok(board, ATTR_CHARGE_OFF_REASON))
		set_integer(values, VENUS_HIGH_VOLTAGE,
			    alarm_if(board_is_text(board, ATTR_CHARGE_OFF_REASON,
						   "cell-overvoltage")));
}

static int internal_failure(const struct board *board)
{
	if (!board_is_complete(board) || board_has_condition(board, "io-error") ||
	    board_has_condition(board, "sense-mismatch"))
		return ALARM_ALARM;
	return board_has_condition(board, "voltage-out-of-range") ?
	       ALARM_WARNING : ALARM_NONE;
}

static void set_state(struct venus_value *values, const struct board *board)
{
	bool remote_off = board_is_off(board, ATTR_REMOTE) ||
			  board_is_off(board, ATTR_TERMINALS);
	bool remote_on = board_is_on(board, ATTR_REMOTE) &&
			 board_is_on(board, ATTR_TERMINALS);

	if (remote_off)
		set_integer(values, VENUS_MODE, MODE_OFF);
	else if (remote_on)
		set_integer(values, VENUS_MODE,
			    board_is_shed(board) ? MODE_STANDBY : MODE_ON);
	if (internal_failure(board) == ALARM_ALARM || board_in_doubt(board))
		set_integer(values, VENUS_STATE_OF_DEVICE, STATE_ERROR);
	else
		set_integer(values, VENUS_STATE_OF_DEVICE,
			    remote_off ? STATE_STANDBY : STATE_RUNNING);
}

/* Unknown is off. */
static void set_outputs(struct venus_value *values, const struct board *board,
			const struct venus_board *settings)
{
	bool discharge = board_is_on(board, ATTR_LOAD);
	bool charge = board_is_on(board, ATTR_CHARGE);

	set_integer(values, VENUS_ALLOW_TO_CHARGE, charge);
	set_integer(values, VENUS_ALLOW_TO_DISCHARGE, discharge);
	set_integer(values, VENUS_BLOCKING_CHARGE, !charge);
	set_integer(values, VENUS_BLOCKING_DISCHARGE, !discharge);
	if (!settings || !settings->control)
		return;
	set_real(values, VENUS_MAX_CHARGE_VOLTAGE, settings->max_charge_voltage);
	set_real(values, VENUS_MAX_CHARGE_CURRENT,
		 charge ? settings->max_charge_current : 0);
	set_real(values, VENUS_MAX_DISCHARGE_CURRENT,
		 discharge ? settings->max_discharge_current : 0);
}

/**
 * venus_items - what the bus shows of a board
 * @settings: of this board, NULL: none
 * @values: filled, all but the DeviceInstance and the CustomName
 */
void venus_items(const struct board *board, const struct venus_board *settings,
		 struct venus_value *values)
{
	memset(values, 0, VENUS_ITEM_COUNT * sizeof(*values));
	set_identity(values, board);
	set_measurements(values, board);
	set_line_alarms(values, board);
	set_voltage_alarms(values, board);
	set_integer(values, VENUS_INTERNAL_FAILURE, internal_failure(board));
	set_outputs(values, board, settings);
	set_state(values, board);
}
