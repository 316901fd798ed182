// SPDX-License-Identifier: GPL-2.0
/*
 * The connection to the broker. It is in the poll() that waits for boards as well,
 * and nothing here waits, but for one thing: to look up a name may take as long as
 * a resolver likes, and the library does it within the call that connects. So each
 * attempt is a thread, which ends with the attempt; until then nobody else touches
 * the connection.
 *
 * Each attempt is a new connection of the library, too. Nothing that an earlier one
 * had not got rid of can come after what is known now.
 */
#include <errno.h>
#include <mosquitto.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mqtt.h"

#define DELAY_MAX_S 60
/* For an answer of the broker, to whatever it was asked */
#define ANSWER_MS 20000
/* The broker takes us for dead after one and a half of it */
#define ALIVE_S 60
/* How often the library is asked whether the other side is alive */
#define CHECK_MS 10000
#define QOS 1

/** link_broker - its name and port, for messages */
void link_broker(const struct settings *settings, char *text, size_t size)
{
	snprintf(text, size, "%s:%lld", settings->broker, settings->port);
}

/** link_why - Return: why a call of the library has failed; @error: errno then */
const char *link_why(int result, int error)
{
	switch (result) {
	case MOSQ_ERR_ERRNO:
		return error ? strerror(error) : "the connection was closed";
	case MOSQ_ERR_EAI:
		return "the name of the broker cannot be resolved";
	case MOSQ_ERR_KEEPALIVE:
		return "the broker does not answer any more";
	case MOSQ_ERR_CONN_LOST:
	case MOSQ_ERR_NO_CONN:
		return "the connection was closed";
	case MOSQ_ERR_TLS:
		return "no TLS connection";
	default:
		return mosquitto_strerror(result);
	}
}

/** link_refusal - Return: why the broker refuses */
const char *link_refusal(int answer)
{
	switch (answer) {
	case 4:
	case 5:
		return "refused: wrong or missing user or password; see CREDENTIALS";
	case 3:
		return "refused: the broker is not available";
	default:
		return "refused by the broker";
	}
}

static void note_log(struct mosquitto *mosq, void *context, int level,
		     const char *text)
{
	struct link *link = context;

	(void)mosq;
	if (level != MOSQ_LOG_ERR)
		return;
	snprintf(link->noted, sizeof(link->noted), "%.200s", text);
	link->noted[strcspn(link->noted, "\n")] = '\0';
}

static void take_answer(struct mosquitto *mosq, void *context, int answer)
{
	struct link *link = context;

	(void)mosq;
	link->answer = answer;
}

static void take_acknowledgement(struct mosquitto *mosq, void *context, int id)
{
	struct link *link = context;

	(void)mosq;
	link->pending--;
	link->pending_ms = now_ms();
	link->sinks->acknowledged(link->context, id);
}

static void take_message(struct mosquitto *mosq, void *context,
			 const struct mosquitto_message *message)
{
	struct link *link = context;
	char payload[64] = "";

	(void)mosq;
	/* Longer than anything that is understood, it is not understood. */
	if (message->payloadlen < (int)sizeof(payload))
		snprintf(payload, sizeof(payload), "%.*s", message->payloadlen,
			 message->payloadlen ? (char *)message->payload : "");
	else
		strcpy(payload, "(too long)");
	link->sinks->message(link->context, message->topic, payload,
			     message->retain);
}

static int configure(struct mosquitto *mosq, const struct settings *settings)
{
	char topic[TOPIC_MAX];
	int result;

	snprintf(topic, sizeof(topic), "%s/bridge", settings->topic);
	result = mosquitto_will_set(mosq, topic, strlen(PAYLOAD_OFFLINE),
				    PAYLOAD_OFFLINE, QOS, true);
	if (!result && *settings->user)
		result = mosquitto_username_pw_set(mosq, settings->user,
						   settings->password);
	if (!result && settings->tls)
		result = mosquitto_tls_set(mosq,
					   *settings->ca ? settings->ca : NULL,
					   *settings->ca ? NULL : "/etc/ssl/certs",
					   *settings->certificate ?
					   settings->certificate : NULL,
					   *settings->key ? settings->key : NULL,
					   NULL);
	return result;
}

/**
 * link_new - a connection of the library, with all that was configured
 *
 * Return: NULL when it cannot be had; the reason was printed
 */
struct mosquitto *link_new(struct link *link)
{
	struct mosquitto *mosq = mosquitto_new(NULL, true, link);
	int result = mosq ? configure(mosq, link->settings) : MOSQ_ERR_NOMEM;

	if (result) {
		complain("mqtt", "%s", link_why(result, errno));
		mosquitto_destroy(mosq);
		return NULL;
	}
	mosquitto_log_callback_set(mosq, note_log);
	mosquitto_connect_callback_set(mosq, take_answer);
	return mosq;
}

static void enter(struct link *link, enum link_state state)
{
	link->state = state;
	link->since_ms = now_ms();
}

/* Something is wrong with the connection, or it could not be had. */
__printf(2, 3)
static void give_up(struct link *link, const char *why, ...)
{
	char text[sizeof(link->told)], broker[300];
	long long now = now_ms();
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(text, sizeof(text), why, arguments);
	va_end(arguments);
	/* What is wrong all the time is said once. */
	if (strcmp(text, link->told)) {
		link_broker(link->settings, broker, sizeof(broker));
		complain(broker, "%s; trying again, at last every %d s", text,
			 DELAY_MAX_S);
		strcpy(link->told, text);
	}
	if (link->state == LINK_UP &&
	    now - link->since_ms >= DELAY_MAX_S * 1000LL)
		link->delay_s = 0;
	link->delay_s = !link->delay_s ? 1 : 2 * link->delay_s;
	if (link->delay_s > DELAY_MAX_S)
		link->delay_s = DELAY_MAX_S;
	mosquitto_destroy(link->mosq);
	link->mosq = NULL;
	enter(link, LINK_DOWN);
	link->next_ms = now + link->delay_s * 1000LL;
}

static void *attempt(void *context)
{
	struct link *link = context;

	errno = 0;
	link->result = mosquitto_connect(link->mosq, link->settings->broker,
					 link->settings->port, ALIVE_S);
	link->error = errno;
	eventfd_write(link->tried, 1);
	return NULL;
}

static void begin_attempt(struct link *link)
{
	int error;

	*link->noted = '\0';
	link->answer = -1;
	link->pending = 0;
	link->mosq = link_new(link);
	if (!link->mosq) {
		give_up(link, "no connection can be prepared");
		return;
	}
	mosquitto_publish_callback_set(link->mosq, take_acknowledgement);
	mosquitto_message_callback_set(link->mosq, take_message);
	error = pthread_create(&link->thread, NULL, attempt, link);
	if (error)
		give_up(link, "no thread: %s", strerror(error));
	else
		enter(link, LINK_TRYING);
}

static void fail(struct link *link, int result, int error)
{
	if (link->answer > 0)
		give_up(link, "%s", link_refusal(link->answer));
	else if (*link->noted)
		give_up(link, "%s: %s", link_why(result, error), link->noted);
	else
		give_up(link, "%s", link_why(result, error));
}

static void end_attempt(struct link *link)
{
	eventfd_t count;

	eventfd_read(link->tried, &count);
	pthread_join(link->thread, NULL);
	if (link->result)
		fail(link, link->result, link->error);
	else
		enter(link, LINK_ASKED);
}

static bool is_mute(const struct link *link)
{
	long long now = now_ms();

	if (link->state == LINK_UP)
		return link->pending && now - link->pending_ms >= ANSWER_MS;
	return link->answer < 0 && now - link->since_ms >= ANSWER_MS;
}

static void serve(struct link *link, short events)
{
	char broker[300];
	int result = 0;

	errno = 0;
	if (events & (POLLIN | POLLHUP | POLLERR))
		result = mosquitto_loop_read(link->mosq, 1);
	if (!result && events & POLLOUT)
		result = mosquitto_loop_write(link->mosq, 1);
	if (!result)
		result = mosquitto_loop_misc(link->mosq);
	if (!result && mosquitto_socket(link->mosq) < 0)
		result = MOSQ_ERR_CONN_LOST;
	if (result || link->answer > 0) {
		fail(link, result, errno);
		return;
	}
	if (is_mute(link))
		give_up(link, "the broker does not answer");
	if (link->state != LINK_ASKED || link->answer < 0)
		return;
	enter(link, LINK_UP);
	if (*link->told) {
		link_broker(link->settings, broker, sizeof(broker));
		complain(broker, "connected again");
		*link->told = '\0';
	}
	link->sinks->up(link->context);
}

/** link_open - begin to connect; the rest is done by link_work() */
enum result link_open(struct link *link, const struct settings *settings,
		      const struct link_sinks *sinks, void *context)
{
	*link = (struct link){
		.settings = settings,
		.sinks = sinks,
		.context = context,
		.next_ms = now_ms(),
		.tried = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	if (link->tried >= 0 && !mosquitto_lib_init())
		return DONE;
	complain("mqtt", "cannot begin: %s", strerror(errno));
	return FAILED;
}

/** link_poll - what to wait for */
void link_poll(struct link *link, struct pollfd polls[2])
{
	bool connected = link->state >= LINK_ASKED;

	polls[0] = (struct pollfd){ link->tried, POLLIN, 0 };
	polls[1] = (struct pollfd){ -1, POLLIN, 0 };
	if (!connected)
		return;
	polls[1].fd = mosquitto_socket(link->mosq);
	if (mosquitto_want_write(link->mosq))
		polls[1].events |= POLLOUT;
}

/** link_wait_ms - for how long at most; -1: for ever */
int link_wait_ms(const struct link *link, long long now)
{
	switch (link->state) {
	case LINK_DOWN:
		return link->next_ms > now ? link->next_ms - now : 0;
	case LINK_TRYING:
		return -1;
	case LINK_ASKED:
		return CHECK_MS;
	default:
		return link->pending ? CHECK_MS : KEEPALIVE_MS;
	}
}

/** link_work - go on with what link_poll() has waited for */
void link_work(struct link *link, const struct pollfd polls[2])
{
	if (link->state == LINK_TRYING && polls[0].revents)
		end_attempt(link);
	else if (link->state >= LINK_ASKED)
		serve(link, polls[1].revents);
	else if (link->state == LINK_DOWN && now_ms() >= link->next_ms)
		begin_attempt(link);
}

/**
 * link_publish - hand a message to the broker
 *
 * Return: what it is acknowledged by, 0: it was not taken
 */
int link_publish(struct link *link, const char *topic, const char *payload,
		 bool retain)
{
	int id = 0;

	if (link->state != LINK_UP ||
	    mosquitto_publish(link->mosq, &id, topic, strlen(payload), payload,
			      QOS, retain))
		return 0;
	if (!link->pending++)
		link->pending_ms = now_ms();
	return id;
}

void link_subscribe(struct link *link, const char *topic)
{
	int result = mosquitto_subscribe(link->mosq, NULL, topic, QOS);

	if (result)
		complain(topic, "cannot subscribe: %s", link_why(result, errno));
}

/**
 * link_close - without a word, so that the broker publishes the last will
 *
 * An attempt that goes on may take long to end. It ends with the program.
 */
void link_close(struct link *link)
{
	if (link->state == LINK_TRYING)
		return;
	mosquitto_destroy(link->mosq);
	mosquitto_lib_cleanup();
	close(link->tried);
}
