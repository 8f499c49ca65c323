/* What JavaScript gives to a function of ours, checked; and what it gets back. */
#include <errno.h>
#include <math.h>

#include "host.h"

bool number_of(JSContext *ctx, JSValueConst value, double *number)
{
	if (!JS_IsNumber(value)) {
		JS_ThrowTypeError(ctx, "a number is needed");
		return false;
	}
	return JS_ToFloat64(ctx, number, value) == 0;
}

bool int_of(JSContext *ctx, JSValueConst value, int *number)
{
	double wide;

	if (!number_of(ctx, value, &wide))
		return false;
	if (!(wide >= INT32_MIN && wide <= INT32_MAX) || wide != trunc(wide)) {
		JS_ThrowTypeError(ctx, "a whole number of 32 bits is needed");
		return false;
	}
	*number = (int)wide;
	return true;
}

const uint8_t *bytes_of(JSContext *ctx, JSValueConst value, size_t *length)
{
	size_t offset, width, whole;
	JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, length, &width);
	uint8_t *bytes;

	if (JS_IsException(buffer))
		return NULL;
	bytes = JS_GetArrayBuffer(ctx, &whole, buffer);
	/* The array goes on to keep it. */
	JS_FreeValue(ctx, buffer);
	if (bytes == NULL)
		return NULL;
	if (width != 1 || offset > whole || *length > whole - offset) {
		JS_ThrowTypeError(ctx, "an Uint8Array is needed");
		return NULL;
	}
	return bytes + offset;
}

bool length_of(JSContext *ctx, JSValueConst value, uint32_t *length)
{
	JSValue number;
	int is_bad;

	if (JS_IsArray(ctx, value) != 1) {
		JS_ThrowTypeError(ctx, "an array is needed");
		return false;
	}
	number = JS_GetPropertyStr(ctx, value, "length");
	is_bad = JS_ToUint32(ctx, length, number);
	JS_FreeValue(ctx, number);
	return !is_bad;
}

JSValue array_of(JSContext *ctx, int length, JSValue *values)
{
	JSValue array = JS_NewArray(ctx);
	bool is_good = !JS_IsException(array);

	for (int i = 0; i < length; i++) {
		if (JS_IsException(values[i]))
			is_good = false;
		if (!is_good)
			JS_FreeValue(ctx, values[i]);
		else if (JS_DefinePropertyValueUint32(ctx, array, (uint32_t)i, values[i], JS_PROP_C_W_E) < 0)
			is_good = false;
	}
	if (is_good)
		return array;
	JS_FreeValue(ctx, array);
	return JS_EXCEPTION;
}

JSValue result_or_errno(JSContext *ctx, int64_t result)
{
	return JS_NewInt64(ctx, result < 0 ? -errno : result);
}
