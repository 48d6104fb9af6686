-- Questions to the files of an export, for DuckDB 1.4 or newer.
--
--     rollcall export hist
--     duckdb -init analytics.sql -c "from concurrency(step := interval 1 hour)"
--
-- Run it where the directory `hist` is. Each question is a macro, which is called like a
-- table, and may be filtered, joined and sorted like one; what is in brackets may be left
-- out. docs/export.md has the columns of the files.
--
--     from concurrency(step := interval 1 minute);
--     from logins_by_mechanism(step := interval 1 hour);
--     from ends(step := interval 1 hour);
--     from durations();
--     from active(period := 'day');
--     from retention();
--     from resumption();
--     from clients();
--     from connectors();
--     from storms(least := 10);
--     from fights(least := 3);
--     from guessing(least := 10);
--
-- `rollcall stats` computes most of them from the log itself, by the same definitions.
-- Times are of UTC, and the log's clock. Nobody's name is in the files: `who` stands for
-- an account from its creation to its removal. It is missing for an account that was
-- erased, whose sessions then count, but not as anybody's.

set timezone = 'UTC';

create view events   as from read_parquet('hist/events/**/*.parquet', union_by_name = true);
create view sessions as from read_parquet('hist/sessions/**/*.parquet', union_by_name = true);
create view online   as from read_parquet('hist/online/**/*.parquet', union_by_name = true);
create view logins   as from read_parquet('hist/logins/**/*.parquet', union_by_name = true);

-- From the first to the last time that anything happened to a session.
create view span as
select min(stored_at) as first_at, max(stored_at) as last_at from events where class = 'session';

-- Every session that was online: when it got its resource, and when it ended. A session
-- that lost its connection and waits to be resumed is online. One that was there before
-- the files begin is known from dataset online only; one that is still there has no end.
-- A session that ended before it had a resource was never online.
create view stays as
with bound as (
    select session, who, seq as came_seq, stored_at as came
    from events where class = 'session' and type = 'bound'
), earlier as (
    select distinct session, who, 0 as came_seq, (select first_at from span) as came
    from online anti join bound using (session)
), ends as (
    select session, closed_seq as went_seq, ended as went from sessions
)
from (from bound union all from earlier) left join ends using (session);

-- How many sessions and accounts were online when each step began, and the most sessions
-- at any moment of it. Every step has a row, also those in which nobody came or went.
create macro concurrency(step := interval 1 minute) as table
with change as (
    select came_seq as seq, came as t, who, 1 as d from stays
  union all
    select went_seq, went, who, -1 from stays where went_seq is not null
), own as ( -- how many sessions its account has after each change
    select *, sum(d) over (partition by who order by seq, d desc) as n from change
), curve as (
    select seq, t, sum(d) over (order by seq) as sessions,
           sum(case when who is not null and n = if(d = 1, 1, 0) then d end) over (order by seq) as accounts
    from own
), busy as ( -- steps in which anybody came or went
    select time_bucket(step, t) as t, max(sessions) as most,
           arg_max(sessions, seq) as sessions, arg_max(accounts, seq) as accounts
    from curve group by all
), steps as (
    select unnest(generate_series(time_bucket(step, first_at), last_at, step)) as t from span
)
select steps.t, coalesce(before.sessions, 0)::bigint as sessions, coalesce(before.accounts, 0)::bigint as accounts,
       greatest(coalesce(busy.most, 0), coalesce(before.sessions, 0))::bigint as most
from steps
asof left join busy as before on steps.t > before.t
left join busy on busy.t = steps.t
order by steps.t;

-- How many logged in when, and how many failed to, by SASL mechanism.
create macro logins_by_mechanism(step := interval 1 hour) as table
select time_bucket(step, stored_at) as t, mechanism,
       count(*) filter (ok) as succeeded, count(*) filter (not ok) as failed
from logins group by all order by t, mechanism;

-- How many sessions ended when, by reason.
create macro ends(step := interval 1 hour) as table
select time_bucket(step, ended) as t, reason, count(*) as sessions
from sessions group by all order by t, reason;

-- How long sessions last, by the reason of their end, in milliseconds from the login. Those
-- that have not ended are not among them.
create macro durations() as table
select reason, count(*) as sessions,
       quantile_disc(duration_ms, 0.5) as p50_ms,
       quantile_disc(duration_ms, 0.9) as p90_ms,
       quantile_disc(duration_ms, 0.99) as p99_ms
from sessions group by reason order by sessions desc, reason;

-- On which days somebody was online, if only for a moment.
create view days as
select distinct who, unnest(generate_series(date_trunc('day', came),
                                            coalesce(went, (select last_at from span)), interval 1 day))::date as day
from stays where who is not null;

-- How many different accounts were online on a day (DAU); or in a week, which begins on
-- Monday (WAU), or a month (MAU). The first and the last of them may be in the files in part.
create macro active(period := 'day') as table
select date_trunc(period, day)::date as begins, count(distinct who) as accounts
from days group by begins order by begins;

-- Who comes back: of the accounts that were online for the first time in a week (cohort),
-- how many were there again so many weeks later. Weeks begin on Monday. In the first week
-- of the files everybody is new.
create macro retention() as table
with weeks as (
    select distinct who, date_trunc('week', day)::date as week from days
), firsts as (
    select who, min(week) as cohort from weeks group by who
), sizes as (
    select cohort, count(*) as size from firsts group by cohort
)
select cohort, size, date_diff('day', cohort, week) // 7 as later,
       count(*) as accounts, round(count(*) / size, 3) as share
from firsts join weeks using (who) join sizes using (cohort)
group by cohort, size, week order by cohort, later;

-- What becomes of sessions that lost their connection, by the software of the client:
-- resumed, or ended all the same, or still open. Software that does not say what it is
-- has none. A session that was there before the files begin has none either.
create macro resumption() as table
with agents as (
    select session, any_value(agent) as agent from events
    where class = 'session' and type = 'authenticated' group by session
), steps as (
    select session, type, lead(type) over (partition by session order by seq) as then_type
    from events where class = 'session' and type in ('detached', 'resumed', 'closed')
)
select agent, count(*) as detached,
       count(*) filter (then_type = 'resumed') as resumed,
       count(*) filter (then_type = 'closed') as ended,
       count(*) filter (then_type is null) as open,
       round(resumed / nullif(resumed + ended, 0), 3) as success
from steps left join agents using (session)
where type = 'detached' and then_type is distinct from 'detached' -- said twice of one loss
group by agent order by detached desc, agent;

-- What software logs in, and how many accounts use it. Software that does not say what it
-- is has none. In an export with --names each release is one of its own.
create macro clients() as table
select agent, count(*) as logins, count(distinct who) as accounts
from logins where ok group by agent order by logins desc, agent;

-- What happened at each connector: how often it started, stopped and was lost, the logins
-- at it, the resumptions that it took up, the sessions that ended at it; how many are
-- online at it at the end, and at most. Nobody says that it was lost of one that was
-- killed and is back in time: it starts while it holds the lease of an earlier epoch.
create macro connectors() as table
with leases as (
    select coalesce(lost, connector) as connector, coalesce(lost_epoch, epoch) as epoch, type,
           max(if(type = 'connector_started', epoch, 0)) over before as had,
           max(if(type = 'connector_started', 0, coalesce(lost_epoch, epoch))) over before as ended
    from events where class = 'connector'
    window before as (partition by coalesce(lost, connector) order by seq rows between unbounded preceding and 1 preceding)
), places as ( -- where each session is from a record on
    select session, seq, connector, type, went_seq from events join stays using (session)
    where class = 'session' and type in ('bound', 'resumed') and seq >= came_seq and (went_seq is null or seq < went_seq)
  union all
    select session, 0, arg_min(connector, seq), 'bound', any_value(went_seq)
    from online join stays using (session) where came_seq = 0 group by session
), moves as (
    select connector, seq, 1 as d from places
  union all
    select connector, coalesce(lead(seq) over (partition by session order by seq), went_seq), -1 from places
), steps as ( -- a session that takes the place of another one comes as that goes
    select connector, seq, sum(d) as d from moves where seq is not null group by all
), curve as (
    select connector, seq, sum(d) over (partition by connector order by seq) as n from steps
), counts as (
    select connector, count(*) filter (type = 'connector_started') as started,
           count(*) filter (type = 'connector_stopped') as stopped,
           count(*) filter (type = 'connector_lost' or type = 'connector_started' and had > ended and epoch > had) as lost
    from leases group by connector
  union all by name
    select connector, count(*) as logins from logins where ok group by connector
  union all by name
    select connector, count(*) as resumed from places where type = 'resumed' group by connector
  union all by name
    select connector_last as connector, count(*) as ended from sessions group by connector_last
  union all by name
    select connector, arg_max(n, seq) as sessions, max(n) as most from curve group by connector
)
select connector, coalesce(sum(started), 0)::bigint as started, coalesce(sum(stopped), 0)::bigint as stopped,
       coalesce(sum(lost), 0)::bigint as lost, coalesce(sum(logins), 0)::bigint as logins,
       coalesce(sum(resumed), 0)::bigint as resumed, coalesce(sum(ended), 0)::bigint as ended,
       coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(most), 0)::bigint as most
from counts group by connector order by connector;

-- Resources that clients take from each other again and again: at least so many sessions of
-- one full JID that were replaced, each at most a minute after the one before. Which
-- sessions had the same is told within a month only.
create macro fights(least := 3) as table
with replaced as (
    select jid_tag, who, closed_seq, ended,
           ended - lag(ended) over (partition by jid_tag order by closed_seq) > interval 1 minute as later
    from sessions where reason = 'replaced' and jid_tag is not null
), numbered as (
    select *, count(*) filter (later) over (partition by jid_tag order by closed_seq) as number from replaced
), fights as (
    select any_value(who) as who, jid_tag, min(ended) as began, max(ended) as ended, count(*) as replaced
    from numbered group by jid_tag, number
)
from fights where replaced >= least order by replaced desc, began, jid_tag;

-- When many come back at once: accounts that in the same ten seconds logged in or resumed
-- a session, at most five minutes after they had last lost one. Of a connector that was
-- killed the log knows later than the clients, who are back by then. So an account has
-- also come back with a login that is followed, within a minute and before it logs in
-- again, by the loss of another of its sessions: with the connector, or because the new
-- one took its place. Such a loss is over, and nothing comes back from it later.
create macro storms(least := 10) as table
with step as (
    select who, session, seq, stored_at, type, reason, type in ('authenticated', 'resumed') as came
    from events where class = 'session' and who is not null
     and (type in ('authenticated', 'resumed') or type in ('detached', 'closed') and reason in
         ('connection_lost', 'timeout', 'error', 'connector_lost', 'shutdown', 'overload', 'unavailable', 'replaced'))
), turn as ( -- the account's first, second, third coming, each with what is lost until the next
    select *, count(*) filter (came) over (partition by who order by seq) as turn from step
), coming as (
    from turn where came
), loss as (
    select lost.who, lost.turn, lost.stored_at, lost.reason,
           coalesce(lost.reason in ('connector_lost', 'replaced') and coming.type = 'authenticated'
                    and coming.session <> lost.session and lost.stored_at - coming.stored_at <= interval 1 minute, false) as late
    from turn as lost left join coming using (who, turn) where not lost.came
), returned as (
    select who, stored_at from coming
    where exists (from loss where loss.who = coming.who and loss.turn = coming.turn - 1 and not late
                     and loss.reason <> 'replaced' and coming.stored_at - loss.stored_at <= interval 5 minute)
       or exists (from loss where loss.who = coming.who and loss.turn = coming.turn and late)
)
select time_bucket(interval 10 second, stored_at) as t, count(distinct who) as accounts
from returned group by all having count(distinct who) >= least order by t;

-- From where passwords are guessed, and with what success: networks with at least so many
-- failed logins in a month, how many names and addresses they were of, and how many of
-- those names logged in from there after they had failed.
create macro guessing(least := 10) as table
with tried as (
    select date_trunc('month', stored_at)::date as month, network, name_tag, -- tags are of a month
           count(*) filter (not ok) as failed, count(*) filter (ok) as succeeded,
           max(stored_at) filter (ok) > min(stored_at) filter (not ok) as got_in
    from logins group by all
), sources as (
    select date_trunc('month', stored_at)::date as month, network, count(distinct address_tag) as addresses
    from logins where not ok group by all
)
select month, network, sum(failed)::bigint as failed, count(*) filter (failed > 0) as names, addresses,
       count(*) filter (got_in) as got_in
from tried join sources using (month, network)
group by all having sum(tried.failed) >= least order by failed desc, month, network;
